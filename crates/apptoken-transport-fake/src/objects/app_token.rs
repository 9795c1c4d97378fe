use crate::model::token::TokenRow;
use crate::objects::response_profile::ResponseProfile;
use crate::objects::{Class, Enum, FieldValue, Object, Property, PropertyKind, SESSION_TYPE, TextEnum};
use crate::output::Record;

pub(crate) const CLASS: Class = Class {
    name: "KalturaAppToken",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::read_only("id", PropertyKind::Text),
        Property::read_only("token", PropertyKind::Text),
        Property::read_only("partnerId", PropertyKind::Int),
        Property::read_only("createdAt", PropertyKind::Time),
        Property::read_only("updatedAt", PropertyKind::Time),
        Property::read_only("status", PropertyKind::Enum(&STATUS)),
        Property::new("expiry", PropertyKind::Time),
        Property::new("sessionType", PropertyKind::Enum(&SESSION_TYPE)),
        Property::text("sessionUserId"),
        Property::new("sessionDuration", PropertyKind::Int),
        Property::text("sessionPrivileges"),
        Property::new("hashType", PropertyKind::TextEnum(&HASH_TYPE)),
        Property::text("description"),
    ],
};

pub(crate) const STATUS: Enum = Enum { name: "KalturaAppTokenStatus", values: &[1, 2, 3] };

const HASH_TYPE: TextEnum = TextEnum { name: "KalturaAppTokenHashType", values: &["SHA1", "MD5", "SHA256", "SHA512"] };

/// The API object of a row.
pub(crate) fn record(token: &TokenRow, profile: Option<&ResponseProfile>) -> Record {
    let properties = [
        ("id", token.id.as_str().into()),
        ("token", token.token.expose().into()),
        ("partnerId", token.partner_id.into()),
        ("createdAt", token.created_at.into()),
        ("updatedAt", token.updated_at.into()),
        ("status", token.status.into()),
        ("expiry", token.expiry.into()),
        ("sessionType", token.session_type.into()),
        ("sessionUserId", token.session_user_id.as_deref().into()),
        ("sessionDuration", token.session_duration.into()),
        ("sessionPrivileges", token.session_privileges.as_deref().into()),
        ("hashType", token.hash_type().into()),
        ("description", token.description.as_deref().into()),
    ];
    ResponseProfile::apply(profile, Record::new(CLASS.name, properties))
}

/// The current value of a read-only property, to compare it with a request.
pub(crate) fn current(token: &TokenRow, property: &str) -> Option<FieldValue> {
    match property {
        "id" => Some(FieldValue::Text(token.id.clone())),
        "token" => Some(FieldValue::Text(token.token.expose().to_owned())),
        "partnerId" => Some(FieldValue::Int(token.partner_id)),
        "status" => Some(FieldValue::Int(token.status)),
        // The server compares a time with its text, so they always differ: an update cannot even repeat `createdAt`.
        _ => None,
    }
}

/// Applies the properties of a request to a row.
pub(crate) fn apply(object: &Object, token: &mut TokenRow) {
    object.set_int("expiry", &mut token.expiry);
    object.set_int("sessionType", &mut token.session_type);
    object.set_text("sessionUserId", &mut token.session_user_id);
    object.set_int("sessionDuration", &mut token.session_duration);
    object.set_text("sessionPrivileges", &mut token.session_privileges);
    object.set_text("hashType", &mut token.hash_type);
    object.set_text("description", &mut token.description);
}
