use crate::model::role::RoleRow;
use crate::objects::filter::{self, Order};
use crate::objects::user_role::STATUS;
use crate::objects::{Class, Kind, Object, Property};

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserRoleFilter",
    properties: &[
        Property::read_only("relatedObjects", Kind::List),
        Property::text("orderBy"),
        Property::new("advancedSearch", Kind::Abstract("KalturaSearchItem")),
        Property::new("idEqual", Kind::Int),
        Property::text("idIn"),
        Property::text("nameEqual"),
        Property::text("nameIn"),
        Property::text("systemNameEqual"),
        Property::text("systemNameIn"),
        Property::text("descriptionLike"),
        Property::new("statusEqual", Kind::Enum(&STATUS)),
        Property::text("statusIn"),
        Property::new("partnerIdEqual", Kind::Int),
        Property::text("partnerIdIn"),
        Property::text("tagsMultiLikeOr"),
        Property::text("tagsMultiLikeAnd"),
        Property::new("createdAtGreaterThanOrEqual", Kind::Time),
        Property::new("createdAtLessThanOrEqual", Kind::Time),
        Property::new("updatedAtGreaterThanOrEqual", Kind::Time),
        Property::new("updatedAtLessThanOrEqual", Kind::Time),
    ],
};

/// Whether a role is asked for.
pub(crate) fn matches(filter: &Object, role: &RoleRow) -> bool {
    filter::int_equal(filter.int("idEqual"), role.id)
        && filter::int_in(filter.text("idIn"), role.id)
        && filter::text_equal(filter.text("nameEqual"), &role.name)
        && filter::text_in(filter.text("nameIn"), &role.name)
        && filter::text_equal(filter.text("systemNameEqual"), &role.system_name)
        && filter::text_in(filter.text("systemNameIn"), &role.system_name)
        && filter::text_like(filter.text("descriptionLike"), role.description.as_deref().unwrap_or_default())
        && filter::int_equal(filter.int("statusEqual"), role.status)
        && filter::int_in(filter.text("statusIn"), role.status)
        && filter::int_equal(filter.int("partnerIdEqual"), role.partner_id)
        && filter::int_in(filter.text("partnerIdIn"), role.partner_id)
        && filter::multi_like(
            filter.text("tagsMultiLikeOr"),
            filter.text("tagsMultiLikeAnd"),
            role.tags.as_deref().unwrap_or_default(),
        )
        && filter::between(filter, "createdAt", role.created_at)
        && filter::between(filter, "updatedAt", role.updated_at)
}

/// What roles can be sorted by.
pub(crate) const ORDERS: &[(&str, Order<RoleRow>)] = &[
    ("id", |one, other| one.id.cmp(&other.id)),
    ("name", |one, other| crate::model::collation::fold(&one.name).cmp(&crate::model::collation::fold(&other.name))),
    ("createdAt", |one, other| one.created_at.cmp(&other.created_at)),
    ("updatedAt", |one, other| one.updated_at.cmp(&other.updated_at)),
];
