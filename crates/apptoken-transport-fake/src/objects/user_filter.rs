use crate::model::user::UserRow;
use crate::objects::filter::{self, Order};
use crate::objects::user::STATUS;
use crate::objects::{Class, Object, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserFilter",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::text("orderBy"),
        Property::new("advancedSearch", PropertyKind::Abstract("KalturaSearchItem")),
        Property::text("idEqual"),
        Property::text("idIn"),
        Property::new("partnerIdEqual", PropertyKind::Int),
        Property::new("statusEqual", PropertyKind::Enum(&STATUS)),
        Property::text("statusIn"),
        Property::new("createdAtGreaterThanOrEqual", PropertyKind::Time),
        Property::new("createdAtLessThanOrEqual", PropertyKind::Time),
    ],
};

/// Whether a user matches the filter.
pub(crate) fn matches(filter: &Object) -> impl Fn(&UserRow) -> bool + use<> {
    let (id_equal, id_in) = (filter::text_equal(filter.text("idEqual")), filter::text_in(filter.text("idIn")));
    let partner_equal = filter::int_equal(filter.int("partnerIdEqual"));
    let status_equal = filter::int_equal(filter.int("statusEqual"));
    let status_in = filter::int_in(filter.text("statusIn"));
    let created = filter::between(filter, "createdAt");
    move |user| {
        let id = user.id.as_deref().unwrap_or_default();
        partner_equal(user.partner_id)
            && status_equal(user.status)
            && status_in(user.status)
            && created(user.created_at)
            && id_equal(id)
            && id_in(id)
    }
}

/// The orders for `orderBy`.
pub(crate) const ORDERS: &[(&str, Order<UserRow>)] = &[
    ("id", |one, other| one.id.cmp(&other.id)),
    ("createdAt", |one, other| one.created_at.cmp(&other.created_at)),
    ("updatedAt", |one, other| one.updated_at.cmp(&other.updated_at)),
];
