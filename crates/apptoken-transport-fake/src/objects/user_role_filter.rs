use crate::model::collation::fold;
use crate::model::role::RoleRow;
use crate::objects::filter::{self, Order};
use crate::objects::user_role::STATUS;
use crate::objects::{Class, Object, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserRoleFilter",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::condition("orderBy", PropertyKind::Text),
        Property::new("advancedSearch", PropertyKind::Abstract("KalturaSearchItem")),
        Property::condition("idEqual", PropertyKind::Int),
        Property::condition("idIn", PropertyKind::Text),
        Property::condition("nameEqual", PropertyKind::Text),
        Property::condition("nameIn", PropertyKind::Text),
        Property::condition("systemNameEqual", PropertyKind::Text),
        Property::condition("systemNameIn", PropertyKind::Text),
        Property::condition("descriptionLike", PropertyKind::Text),
        Property::condition("statusEqual", PropertyKind::Enum(&STATUS)),
        Property::condition("statusIn", PropertyKind::Text),
        Property::condition("partnerIdEqual", PropertyKind::Int),
        Property::condition("partnerIdIn", PropertyKind::Text),
        Property::condition("tagsMultiLikeOr", PropertyKind::Text),
        Property::condition("tagsMultiLikeAnd", PropertyKind::Text),
        Property::condition("createdAtGreaterThanOrEqual", PropertyKind::Time),
        Property::condition("createdAtLessThanOrEqual", PropertyKind::Time),
        Property::condition("updatedAtGreaterThanOrEqual", PropertyKind::Time),
        Property::condition("updatedAtLessThanOrEqual", PropertyKind::Time),
    ],
};

/// Whether a role matches the filter.
pub(crate) fn matches(filter: &Object) -> impl Fn(&RoleRow) -> bool + use<> {
    let text = |name| filter.text(name);
    let (id_equal, id_in) = (filter::int_equal(filter.int("idEqual")), filter::int_in(text("idIn")));
    let (name_equal, name_in) = (filter::text_equal(text("nameEqual")), filter::text_in(text("nameIn")));
    let system_name_equal = filter::text_equal(text("systemNameEqual"));
    let system_name_in = filter::text_in(text("systemNameIn"));
    let description_like = filter::text_like(text("descriptionLike"));
    let status_equal = filter::int_equal(filter.int("statusEqual"));
    let status_in = filter::int_in(text("statusIn"));
    let partner_equal = filter::int_equal(filter.int("partnerIdEqual"));
    let partner_in = filter::int_in(text("partnerIdIn"));
    let tags_like = filter::multi_like(text("tagsMultiLikeOr"), text("tagsMultiLikeAnd"));
    let (created, updated) = (filter::between(filter, "createdAt"), filter::between(filter, "updatedAt"));
    move |role| {
        let (status, system_name) = (role.status.unwrap_or(0), role.system_name.as_deref().unwrap_or_default());
        id_equal(role.id)
            && id_in(role.id)
            && status_equal(status)
            && status_in(status)
            && partner_equal(role.partner_id)
            && partner_in(role.partner_id)
            && created(role.created_at)
            && updated(role.updated_at)
            && name_equal(&role.name)
            && name_in(&role.name)
            && system_name_equal(system_name)
            && system_name_in(system_name)
            && description_like(role.description.as_deref().unwrap_or_default())
            && tags_like(role.tags.as_deref().unwrap_or_default())
    }
}

/// The orders for `orderBy`.
pub(crate) const ORDERS: &[(&str, Order<RoleRow>)] = &[
    ("id", |one, other| one.id.cmp(&other.id)),
    ("name", |one, other| fold(&one.name).cmp(&fold(&other.name))),
    ("createdAt", |one, other| one.created_at.cmp(&other.created_at)),
    ("updatedAt", |one, other| one.updated_at.cmp(&other.updated_at)),
];
