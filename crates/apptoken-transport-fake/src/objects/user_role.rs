use crate::model::role::RoleRow;
use crate::objects::response_profile::ResponseProfile;
use crate::objects::{Class, Enum, FieldValue, NullEffect, Object, Property, PropertyKind};
use crate::output::Record;

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserRole",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::read_only("id", PropertyKind::Int),
        Property::text("name").null(NullEffect::FailsOnUpdate),
        Property::text("systemName").null(NullEffect::Fails),
        Property::text("description"),
        Property::new("status", PropertyKind::Enum(&STATUS)),
        Property::read_only("partnerId", PropertyKind::Int),
        Property::text("permissionNames").null(NullEffect::FailsOnInsert),
        Property::text("tags"),
        Property::read_only("createdAt", PropertyKind::Time),
        Property::read_only("updatedAt", PropertyKind::Time),
    ],
};

pub(crate) const STATUS: Enum = Enum { name: "KalturaUserRoleStatus", values: &[1, 2, 3] };

/// The API object of a row; `permission_names` are those of the row, with `*` expanded.
pub(crate) fn record(role: &RoleRow, permission_names: String, profile: Option<&ResponseProfile>) -> Record {
    let properties = [
        ("id", role.id.into()),
        ("name", role.name.as_str().into()),
        ("systemName", role.system_name.as_deref().into()),
        ("description", role.description.as_deref().into()),
        ("status", role.status.into()),
        ("partnerId", role.partner_id.into()),
        ("permissionNames", permission_names.into()),
        ("tags", role.tags.as_deref().into()),
        ("createdAt", role.created_at.into()),
        ("updatedAt", role.updated_at.into()),
    ];
    ResponseProfile::apply(profile, Record::new(CLASS.name, properties))
}

/// The current value of a read-only property, to compare it with a request.
pub(crate) fn current(role: &RoleRow, property: &str) -> Option<FieldValue> {
    match property {
        "id" => Some(FieldValue::Int(role.id)),
        "partnerId" => Some(FieldValue::Int(role.partner_id)),
        _ => None,
    }
}

/// Applies the properties of a request to a row.
pub(crate) fn apply(object: &Object, role: &mut RoleRow) {
    if object.field("name").is_some() {
        role.name = object.text("name").unwrap_or_default().to_owned();
    }
    object.set_text("systemName", &mut role.system_name);
    object.set_text("description", &mut role.description);
    object.set_int("status", &mut role.status);
    if object.field("permissionNames").is_some() && role.permission_names.as_deref() != Some("*") {
        let names = object.text("permissionNames").unwrap_or_default();
        role.permission_names = Some(names.split(',').map(str::trim).collect::<Vec<_>>().join(","));
    }
    object.set_text("tags", &mut role.tags);
}
