use crate::model::token::TokenRow;
use crate::objects::app_token::STATUS;
use crate::objects::filter::{self, Order};
use crate::objects::{Class, Object, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaAppTokenFilter",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::text("orderBy"),
        Property::new("advancedSearch", PropertyKind::Abstract("KalturaSearchItem")),
        Property::text("idEqual"),
        Property::text("idIn"),
        Property::new("createdAtGreaterThanOrEqual", PropertyKind::Time),
        Property::new("createdAtLessThanOrEqual", PropertyKind::Time),
        Property::new("updatedAtGreaterThanOrEqual", PropertyKind::Time),
        Property::new("updatedAtLessThanOrEqual", PropertyKind::Time),
        Property::new("statusEqual", PropertyKind::Enum(&STATUS)),
        Property::text("statusIn"),
        Property::text("sessionUserIdEqual"),
    ],
};

/// Whether a token matches the filter, except for its user, which the caller checks.
pub(crate) fn matches(filter: &Object) -> impl Fn(&TokenRow) -> bool + use<> {
    let (id_equal, id_in) = (filter::text_equal(filter.text("idEqual")), filter::text_in(filter.text("idIn")));
    let status_equal = filter::int_equal(filter.int("statusEqual"));
    let status_in = filter::int_in(filter.text("statusIn"));
    let (created, updated) = (filter::between(filter, "createdAt"), filter::between(filter, "updatedAt"));
    move |token| {
        status_equal(token.status)
            && status_in(token.status)
            && created(token.created_at)
            && updated(token.updated_at)
            && id_equal(&token.id)
            && id_in(&token.id)
    }
}

/// The orders for `orderBy`.
pub(crate) const ORDERS: &[(&str, Order<TokenRow>)] = &[
    ("createdAt", |one, other| one.created_at.cmp(&other.created_at)),
    ("updatedAt", |one, other| one.updated_at.cmp(&other.updated_at)),
];
