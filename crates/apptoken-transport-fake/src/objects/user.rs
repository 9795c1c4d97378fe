use std::collections::BTreeSet;

use indexmap::IndexSet;

use crate::model::role::RoleRow;
use crate::model::user::{STATUS_DELETED, UserRow};
use crate::objects::response_profile::ResponseProfile;
use crate::objects::{Class, Enum, FieldValue, Limit, NullEffect, Object, Property, PropertyKind, TextEnum};
use crate::output::{Output, Record};
use crate::php::cast::is_true_text;

pub(crate) const CLASS: Class = Class {
    name: "KalturaUser",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::text("id").masked(),
        Property::read_only("partnerId", PropertyKind::Int),
        Property::text("screenName").limit(Limit::Cut(127)).masked(),
        Property::text("fullName").limit(Limit::Cut(40)).masked(),
        Property::text("email").masked(),
        Property::text("country").masked(),
        Property::text("state").limit(Limit::Cut(16)).masked(),
        Property::text("city").limit(Limit::Cut(30)).masked(),
        Property::text("zip").limit(Limit::Cut(10)).masked(),
        Property::text("thumbnailUrl"),
        Property::text("description").limit(Limit::Max(8192)),
        Property::text("tags"),
        Property::text("adminTags"),
        Property::new("status", PropertyKind::Enum(&STATUS)),
        Property::read_only("createdAt", PropertyKind::Time),
        Property::read_only("updatedAt", PropertyKind::Time),
        Property::text("partnerData"),
        Property::new("indexedPartnerDataInt", PropertyKind::Int),
        Property::text("indexedPartnerDataString"),
        Property::read_only("storageSize", PropertyKind::Int),
        Property::new("language", PropertyKind::TextEnum(&LANGUAGE)),
        Property::read_only("lastLoginTime", PropertyKind::Int),
        Property::read_only("statusUpdatedAt", PropertyKind::Int),
        Property::read_only("deletedAt", PropertyKind::Time),
        Property::text("allowedPartnerIds"),
        Property::text("allowedPartnerPackages"),
        Property::new("userMode", PropertyKind::Enum(&USER_MODE)),
        Property::new("capabilities", PropertyKind::List),
        Property::new("type", PropertyKind::Enum(&TYPE)).null(NullEffect::FailsOnUpdate),
        Property::new("dateOfBirth", PropertyKind::Int).masked(),
        Property::new("gender", PropertyKind::Enum(&GENDER)),
        Property::new("isAdmin", PropertyKind::Bool),
        Property::only_insert("isGuest", PropertyKind::Bool),
        Property::text("roleIds").null(NullEffect::FailsOnUpdate),
        Property::read_only("roleNames", PropertyKind::Text),
        Property::only_insert("isAccountOwner", PropertyKind::Bool),
        Property::only_insert("password", PropertyKind::Text).masked(),
        Property::text("firstName").masked(),
        Property::text("lastName").masked(),
        Property::only_insert("loginEnabled", PropertyKind::Bool),
        Property::text("registrationInfo").masked(),
        Property::text("attendanceInfo"),
        Property::text("title").masked(),
        Property::text("company").masked(),
        Property::text("ksPrivileges"),
        Property::read_only("encryptedSeed", PropertyKind::Text),
        Property::new("isSsoExcluded", PropertyKind::Bool),
        Property::only_insert("externalId", PropertyKind::Text).masked(),
    ],
};

pub(crate) const STATUS: Enum = Enum { name: "KalturaUserStatus", values: &[0, 1, 2] };
const USER_MODE: Enum = Enum { name: "KalturaUserMode", values: &[0, 1] };
pub(crate) const TYPE: Enum = Enum { name: "KalturaUserType", values: &[0, 1, 2] };
const GENDER: Enum = Enum { name: "KalturaGender", values: &[0, 1, 2] };

const LANGUAGE: TextEnum = TextEnum {
    name: "KalturaLanguageCode",
    values: &[
        "ab", "aa", "af", "sq", "am", "ar", "ar_lb", "ar_qa", "ar_sa", "hy", "as", "ay", "az", "ba", "eu", "bn", "dz",
        "bh", "bi", "br", "bg", "my", "be", "km", "ca", "zh", "co", "cr", "hr", "cs", "da", "nl", "en", "en_gb",
        "en_us", "eo", "et", "fo", "fa", "fj", "fi", "fr", "fr_ca", "fy", "gl", "gd", "gv", "ka", "de", "el", "kl",
        "gn", "gu", "ha", "he", "iw", "hi", "hu", "is", "id", "in", "ia", "ie", "ikt", "iu", "ik", "ga", "it", "ja",
        "jv", "kn", "ks", "kk", "rw", "ky", "rn", "ko", "ku", "lo", "la", "lb", "lv", "li", "ln", "lt", "mk", "mg",
        "ms", "ml", "mt", "mi", "mr", "mo", "mn", "na", "ne", "no", "oc", "oj", "ojs", "ojw", "or", "om", "ps", "pl",
        "pt", "pt_br", "pa", "qu", "rm", "ro", "ru", "sm", "sg", "sa", "sr", "sh", "st", "tn", "sn", "sd", "si", "ss",
        "sk", "sl", "so", "es", "es_xl", "su", "sw", "sv", "tl", "tg", "ta", "tt", "te", "th", "bo", "ti", "to", "ts",
        "tr", "tk", "tw", "ug", "uk", "ur", "uz", "vi", "vo", "cy", "wo", "xh", "yi", "ji", "yo", "zu", "zh_tw", "zxx",
        "mu", "crg", "un", "mic", "tce", "sal", "alg", "ath", "smi", "iro", "moe", "bla", "oka",
    ],
};

/// String properties that the fake only stores.
const STORED_TEXTS: &[&str] = &[
    "email",
    "country",
    "state",
    "city",
    "zip",
    "thumbnailUrl",
    "description",
    "tags",
    "partnerData",
    "language",
    "allowedPartnerIds",
    "allowedPartnerPackages",
    "registrationInfo",
    "attendanceInfo",
    "title",
    "company",
    "ksPrivileges",
    "externalId",
];

/// Number properties that the fake only stores.
const STORED_NUMBERS: &[&str] = &["userMode", "type", "dateOfBirth", "gender"];

const DAY: i64 = 86_400;

/// The API object of a row; `roles` are all existing roles.
pub(crate) fn record<'a>(
    user: &UserRow,
    roles: impl Iterator<Item = &'a RoleRow>,
    profile: Option<&ResponseProfile>,
) -> Record {
    let of_user: BTreeSet<i64> = user.roles().collect();
    let role_names: Vec<&str> =
        roles.filter(|role| of_user.contains(&role.id)).map(|role| role.name.as_str()).collect();
    let value = |name: &str| -> Output {
        let text = |name: &str| Output::from(user.texts.get(name).map(String::as_str));
        match name {
            "id" => user.id.as_deref().into(),
            "partnerId" => user.partner_id.into(),
            "screenName" => user.screen_name.as_deref().into(),
            "fullName" => user.full_name().into(),
            "country" | "description" => user.texts.get(name).cloned().unwrap_or_default().into(),
            "status" => user.status.into(),
            "createdAt" => user.created_at.into(),
            "updatedAt" => user.updated_at.into(),
            "storageSize" => user.is_stored.then_some(0).into(),
            "statusUpdatedAt" => user.status_updated_at.into(),
            "deletedAt" => user.deleted_at.into(),
            "userMode" => user.numbers.get(name).copied().unwrap_or(0).into(),
            "capabilities" => Output::List(Vec::new()),
            "type" => user.numbers.get(name).copied().or(user.is_stored.then_some(0)).into(),
            "dateOfBirth" | "gender" => user.numbers.get(name).copied().into(),
            "isAdmin" => user.is_admin.into(),
            "isGuest" => user.is_guest.into(),
            "roleIds" => user.default_role.map_or_else(|| user.role_ids.as_str().into(), Output::Int),
            "roleNames" => role_names.join(",").into(),
            "isAccountOwner" => false.into(),
            "isSsoExcluded" => user.is_sso_excluded.into(),
            "firstName" => user.first_name.as_str().into(),
            "lastName" => user.last_name.as_str().into(),
            "loginEnabled" => user.login_email.is_some().into(),
            name => text(name),
        }
    };
    let shown = CLASS.properties.iter().map(|property| property.name).filter(|name| *name != "relatedObjects");
    ResponseProfile::apply(profile, Record::new(CLASS.name, shown.map(|name| (name, value(name)))))
}

/// The current value of a property that a request must not change.
pub(crate) fn current(user: &UserRow, property: &str) -> Option<FieldValue> {
    match property {
        "partnerId" => Some(FieldValue::Int(user.partner_id)),
        "storageSize" => Some(FieldValue::Int(0)),
        "isGuest" => Some(FieldValue::Bool(user.is_guest)),
        "isAccountOwner" => Some(FieldValue::Bool(false)),
        _ => None,
    }
}

/// Applies the properties of a request to a row.
pub(crate) fn apply(object: &Object, user: &mut UserRow, now: i64) {
    if object.field("id").is_some() {
        user.id = object.text("id").map(str::to_owned);
    }
    object.set_text("screenName", &mut user.screen_name);
    set_name(object, "firstName", &mut user.first_name);
    set_name(object, "lastName", &mut user.last_name);
    // As recorded: `fullName` sets both names, unless the request also has a `firstName`.
    let sets_first_name = object.text("firstName").is_some_and(is_true_text);
    if let Some(full_name) = object.text("fullName").filter(|name| is_true_text(name) && !sets_first_name) {
        let (first, last) = full_name.split_once(' ').unwrap_or((full_name, ""));
        (user.first_name, user.last_name) = (first.to_owned(), last.to_owned());
    }
    if object.field("status").is_some() {
        set_status(user, object.int("status"), now);
    }
    if object.field("isAdmin").is_some() {
        user.is_admin = object.bool("isAdmin").unwrap_or(false);
    }
    if object.field("isGuest").is_some() {
        user.is_guest = object.bool("isGuest").unwrap_or(false);
    }
    if object.field("isSsoExcluded").is_some() {
        user.is_sso_excluded = object.bool("isSsoExcluded").unwrap_or(false);
    }
    if object.field("roleIds").is_some() {
        user.role_ids = object.text("roleIds").unwrap_or_default().to_owned();
    }
    for name in STORED_TEXTS.iter().filter(|name| object.field(name).is_some()) {
        match object.text(name) {
            Some(text) if *name == "tags" => user.texts.insert((*name).to_owned(), normalize_tags(text)),
            Some(text) => user.texts.insert((*name).to_owned(), text.to_owned()),
            // Tags that are set to null are normalized too, which makes them an empty string.
            None if *name == "tags" && user.texts.contains_key(*name) => {
                user.texts.insert((*name).to_owned(), String::new())
            }
            None => user.texts.remove(*name),
        };
    }
    for name in STORED_NUMBERS.iter().filter(|name| object.field(name).is_some()) {
        match object.int(name) {
            Some(time) if *name == "dateOfBirth" => {
                user.numbers.insert((*name).to_owned(), time.div_euclid(DAY).saturating_mul(DAY))
            }
            Some(number) => user.numbers.insert((*name).to_owned(), number),
            None => user.numbers.remove(*name),
        };
    }
}

/// Changes the status and its time.
pub(crate) fn set_status(user: &mut UserRow, status: Option<i64>, now: i64) {
    user.status = status;
    user.status_updated_at = now;
    if status == Some(STATUS_DELETED) {
        user.deleted_at = Some(now);
    }
}

fn set_name(object: &Object, name: &str, target: &mut String) {
    if object.field(name).is_some() {
        *target = object.text(name).unwrap_or_default().to_owned();
    }
}

/// Normalizes tags as the server does: in lower case, without duplicates and without tags of one byte.
fn normalize_tags(text: &str) -> String {
    let mut tags = IndexSet::new();
    for tag in text.split(',') {
        let mut tag = crate::php::cast::trim(tag).to_ascii_lowercase();
        crate::model::column::cut_bytes(&mut tag, 100);
        if tag.len() >= 2 {
            tags.insert(tag);
        }
    }
    tags.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalized() {
        assert_eq!(normalize_tags("KMC, b ,kmc,Partner_Admin"), "kmc, partner_admin");
    }
}
