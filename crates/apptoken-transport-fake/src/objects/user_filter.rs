//! The filter of `user.list`. The server lists users with a search engine (Sphinx), which compares words, in any case.

use crate::model::collation::fold;
use crate::model::user::UserRow;
use crate::objects::filter::{self, Order};
use crate::objects::user::{STATUS, TYPE};
use crate::objects::{Class, Object, Property, PropertyKind};
use crate::php::cast::text_to_int;

/// A condition that is null fails in the search engine, but is ignored where the database compares numbers.
pub(crate) const CLASS: Class = Class {
    name: "KalturaUserFilter",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::condition("orderBy", PropertyKind::Text),
        Property::new("advancedSearch", PropertyKind::Abstract("KalturaSearchItem")),
        Property::condition("idEqual", PropertyKind::Text),
        Property::condition("idIn", PropertyKind::Text),
        Property::new("partnerIdEqual", PropertyKind::Int),
        Property::condition("screenNameLike", PropertyKind::Text),
        Property::condition("screenNameStartsWith", PropertyKind::Text),
        Property::condition("emailLike", PropertyKind::Text),
        Property::condition("emailStartsWith", PropertyKind::Text),
        Property::condition("tagsMultiLikeOr", PropertyKind::Text),
        Property::condition("tagsMultiLikeAnd", PropertyKind::Text),
        Property::new("statusEqual", PropertyKind::Enum(&STATUS)),
        Property::condition("statusIn", PropertyKind::Text),
        Property::new("createdAtGreaterThanOrEqual", PropertyKind::Time),
        Property::new("createdAtLessThanOrEqual", PropertyKind::Time),
        Property::new("updatedAtGreaterThanOrEqual", PropertyKind::Time),
        Property::new("updatedAtLessThanOrEqual", PropertyKind::Time),
        Property::new("typeEqual", PropertyKind::Enum(&TYPE)),
        Property::condition("typeIn", PropertyKind::Text),
        Property::new("isAdminEqual", PropertyKind::NullableBool),
        Property::condition("firstNameStartsWith", PropertyKind::Text),
        Property::condition("lastNameStartsWith", PropertyKind::Text),
        Property::condition("idOrScreenNameStartsWith", PropertyKind::Text),
        Property::new("loginEnabledEqual", PropertyKind::NullableBool),
        Property::condition("roleIdEqual", PropertyKind::Text),
        Property::condition("roleIdsEqual", PropertyKind::Text),
        Property::condition("roleIdsIn", PropertyKind::Text),
        Property::condition("firstNameOrLastNameStartsWith", PropertyKind::Text),
        Property::condition("permissionNamesMultiLikeOr", PropertyKind::Text),
        Property::condition("permissionNamesMultiLikeAnd", PropertyKind::Text),
    ],
};

/// These conditions match no user: the first two as observed; the third by the code, which compares the ids with those
/// that the index has with a prefix.
const NEVER: [&str; 3] = ["firstNameStartsWith", "lastNameStartsWith", "roleIdsIn"];

/// Whether a user matches the filter. `permissions_of` returns the permissions of the roles of a user.
pub(crate) fn matches<'a>(
    filter: &'a Object,
    permissions_of: impl Fn(&UserRow) -> Vec<&'a str> + 'a,
) -> impl Fn(&UserRow) -> bool + 'a {
    let text = |name| filter.text(name).filter(|text| !text.is_empty());
    let is_never = NEVER.iter().any(|name| text(name).is_some());
    let numbers = numbers(filter);
    let (id_equal, id_in) = (filter::text_equal(text("idEqual")), filter::text_in(text("idIn")));
    let screen_name_like = filter::words_like(text("screenNameLike"));
    let screen_name_starts = filter::starts_with(text("screenNameStartsWith"));
    let email_like = filter::words_like(text("emailLike"));
    let email_starts = filter::starts_with(text("emailStartsWith"));
    let id_or_screen_name = filter::any_starts_with(text("idOrScreenNameStartsWith"));
    let any_name = filter::any_starts_with(text("firstNameOrLastNameStartsWith"));
    let tags = filter::multi_words(text("tagsMultiLikeOr"), text("tagsMultiLikeAnd"));
    let role = text("roleIdEqual").map(text_to_int);
    let roles = text("roleIdsEqual");
    let permissions = permissions(text("permissionNamesMultiLikeOr"), text("permissionNamesMultiLikeAnd"));
    move |user| {
        let id = user.id.as_deref().unwrap_or_default();
        let screen_name = user.screen_name.as_deref().unwrap_or_default();
        let stored = |name: &str| user.texts.get(name).map(String::as_str).unwrap_or_default();
        !is_never
            && numbers(user)
            && id_equal(id)
            && id_in(id)
            && screen_name_like(screen_name)
            && screen_name_starts(screen_name)
            && email_like(stored("email"))
            && email_starts(stored("email"))
            && id_or_screen_name(&[id, screen_name])
            && any_name(&[&user.full_name(), &user.last_name])
            && tags(stored("tags"))
            && role.is_none_or(|role| user.roles().any(|each| each == role))
            && roles.is_none_or(|roles| user.role_ids == roles)
            && permissions(&permissions_of(user))
    }
}

/// The conditions on numbers and booleans.
fn numbers(filter: &Object) -> impl Fn(&UserRow) -> bool + use<> {
    let partner_equal = filter::int_equal(filter.int("partnerIdEqual"));
    let status_equal = filter::int_equal(filter.int("statusEqual"));
    let status_in = filter::int_in(filter.text("statusIn"));
    let type_equal = filter::int_equal(filter.int("typeEqual"));
    let type_in = filter::int_in(filter.text("typeIn"));
    let (is_admin, has_login) = (filter.bool("isAdminEqual"), filter.bool("loginEnabledEqual"));
    let (created, updated) = (filter::between(filter, "createdAt"), filter::between(filter, "updatedAt"));
    move |user| {
        let status = user.status.unwrap_or(0);
        let user_type = user.numbers.get("type").copied().unwrap_or(0);
        partner_equal(user.partner_id)
            && status_equal(status)
            && status_in(status)
            && type_equal(user_type)
            && type_in(user_type)
            && is_admin.is_none_or(|wanted| user.is_admin == wanted)
            && has_login.is_none_or(|wanted| user.login_email.is_some() == wanted)
            && created(user.created_at)
            && updated(user.updated_at)
    }
}

/// Whether roles have one of the comma-separated permissions of `or`, and all of `and`. The permission `*` stands for
/// all, even for unknown ones.
fn permissions(or: Option<&str>, and: Option<&str>) -> impl Fn(&[&str]) -> bool + use<> {
    let names = |wanted: Option<&str>| -> Vec<String> {
        wanted.unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(fold).collect()
    };
    let (or, and) = (names(or), names(and));
    move |given| {
        if or.is_empty() && and.is_empty() || given.contains(&"*") {
            return true;
        }
        let given: Vec<String> = given.iter().map(|name| fold(name)).collect();
        (or.is_empty() || or.iter().any(|name| given.contains(name))) && and.iter().all(|name| given.contains(name))
    }
}

/// The orders for `orderBy`.
pub(crate) const ORDERS: &[(&str, Order<UserRow>)] = &[
    ("id", |one, other| one.id.cmp(&other.id)),
    ("createdAt", |one, other| one.created_at.cmp(&other.created_at)),
    ("updatedAt", |one, other| one.updated_at.cmp(&other.updated_at)),
];
