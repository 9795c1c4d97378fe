use crate::model::token::TokenRow;
use crate::objects::app_token::STATUS;
use crate::objects::filter::{self, Order};
use crate::objects::{Class, Object, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaAppTokenFilter",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::condition("orderBy", PropertyKind::Text),
        Property::new("advancedSearch", PropertyKind::Abstract("KalturaSearchItem")),
        Property::condition("idEqual", PropertyKind::Text),
        Property::condition("idIn", PropertyKind::Text),
        Property::condition("createdAtGreaterThanOrEqual", PropertyKind::Time),
        Property::condition("createdAtLessThanOrEqual", PropertyKind::Time),
        Property::condition("updatedAtGreaterThanOrEqual", PropertyKind::Time),
        Property::condition("updatedAtLessThanOrEqual", PropertyKind::Time),
        Property::condition("statusEqual", PropertyKind::Enum(&STATUS)),
        Property::condition("statusIn", PropertyKind::Text),
        Property::condition("sessionUserIdEqual", PropertyKind::Text),
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
