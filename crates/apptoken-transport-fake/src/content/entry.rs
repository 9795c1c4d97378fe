//! Entries: media, data and playlists.

use crate::actions::action::Call;
use crate::content::category_entry::{self, CategoryChoice};
use crate::content::crud::{
    Purpose, check_update, found, given_object, matching, new_row, not_owner, put_deleted, user_id,
};
use crate::content::record::{record, record_as};
use crate::content::{Service, crud};
use crate::error::{self, ApiError, Failure};
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::objects::{Object, validate};
use crate::output::Output;
use crate::php::cast::{is_true_text, texts_are_equal};

/// The version of an entry whose content is a text.
const FIRST_VERSION: i64 = 100_002;

const READY: i64 = 2;

/// The type of a playlist of fixed entries.
const FIXED_ENTRIES: i64 = 3;

/// The moderation status of a deleted entry.
const MODERATION_DELETED: i64 = 4;

/// What a new entry of a user does not get, because they have no permission for it.
const DROPPED: &[&str] =
    &["referenceId", "startDate", "endDate", "accessControlId", "entitledUsersEdit", "entitledUsersPublish"];

/// What only an administrator may change.
const OF_ADMINS: &[&str] = &["adminTags", "startDate", "endDate"];

pub(super) fn add(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = new_entry(call, service)?;
    let answer = record(call, &row);
    call.state.objects.put(row);
    Ok(answer)
}

/// A new entry as the request describes it. It is not stored yet, but its categories are.
pub(super) fn new_entry(call: &mut Call<'_>, service: &'static Service) -> Result<ObjectRow, Failure> {
    let object = given_object(call)?;
    validate::for_insert(object)?;
    let class = if object.class.name == "KalturaBaseEntry" { service.class } else { object.class.name };
    if matches!(class, "KalturaMediaEntry" | "KalturaPlaylist") {
        validate::not_null(object, if class == "KalturaPlaylist" { "playlistType" } else { "mediaType" })?;
    }
    // A playlist by filters would need a search engine.
    if class == "KalturaPlaylist" && object.int("playlistType") != Some(FIXED_ENTRIES) {
        return Err(error::EMULATOR_NO_ANSWER.with(&[&call.action.full_name]).into());
    }
    let is_admin = call.is_admin();
    if !is_admin && object.field("adminTags").is_some() {
        return Err(admin_property(object, "adminTags").into());
    }
    let own = user_id(call).to_owned();
    let user = object.text("userId").filter(|user| is_true_text(user)).unwrap_or(&own).to_owned();
    if !is_admin && !texts_are_equal(&user, &own) {
        return Err(not_owner().into());
    }
    let (partner_id, now) = (call.partner_id(), call.now());
    let id = call.state.new_object_id(ObjectKind::Entry);
    let mut row = new_row(call.state, ObjectKind::Entry, class, partner_id, &id, now);
    crud::assign(&mut row, object);
    if !is_admin {
        for name in DROPPED {
            row.properties.remove(*name);
        }
    }
    for name in ["categories", "categoriesIds", "entitledUsersEdit", "entitledUsersPublish"] {
        row.properties.entry(name).or_insert_with(|| "".into());
    }
    complete(call.state, &mut row, now);
    let creator =
        object.text("creatorId").filter(|creator| is_admin && is_true_text(creator)).unwrap_or(&user).to_owned();
    call.state.users.find_or_make(partner_id, Some(&user), now);
    row.set("userId", user);
    row.set("creatorId", creator);
    category_entry::choose(call, &mut row, &CategoryChoice::of(object))?;
    Ok(row)
}

/// Sets what follows from other properties.
pub(super) fn complete(state: &State, row: &mut ObjectRow, now: i64) {
    if row.get("name").is_none() {
        row.set("name", format!("{}_{now}", row.partner_id));
    }
    let tags = normalized_tags(&row.text("tags"));
    row.set("tags", tags);
    if row.get("description").is_none() {
        row.set("description", "");
    }
    let account = state.account(row.partner_id);
    if account.is_some_and(|account| account.has_profiles) && row.get("accessControlId").is_none() {
        row.set("accessControlId", row.partner_id);
    }
    let content = if row.class == "KalturaPlaylist" { "playlistContent" } else { "dataContent" };
    if row.get(content).is_some() && row.int("version") == 0 {
        row.set("version", FIRST_VERSION.to_string());
    }
}

/// The tags as the server stores them: trimmed, in lower case, without those of one letter.
fn normalized_tags(tags: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for tag in tags.split(',').map(|tag| tag.trim().to_lowercase()) {
        if tag.chars().count() > 1 && !all.contains(&tag) {
            all.push(tag);
        }
    }
    all.join(", ")
}

pub(super) fn update(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let object = given_object(call)?;
    check_update(&row, object)?;
    if !call.is_admin() {
        if let Some(name) = OF_ADMINS.iter().find(|name| object.field(name).is_some()) {
            return Err(admin_property(object, name).into());
        }
        if object.text("userId").is_some_and(|user| !texts_are_equal(user, &row.text("userId"))) {
            return Err(not_owner().into());
        }
    }
    let before = (row.get("categories").cloned(), row.get("categoriesIds").cloned());
    let content = row.text("dataContent");
    crud::assign(&mut row, object);
    for (name, value) in [("categories", before.0), ("categoriesIds", before.1)] {
        row.set(name, value.unwrap_or_else(|| "".into()));
    }
    if row.text("dataContent") != content {
        let version = row.int("version").max(FIRST_VERSION - 1).saturating_add(1);
        row.set("version", version.to_string());
    }
    let now = call.now();
    complete(call.state, &mut row, now);
    category_entry::choose(call, &mut row, &CategoryChoice::of(object))?;
    row.set("updatedAt", now);
    let answer = record_as(call, &row, object.class.name);
    call.state.objects.put(row);
    Ok(answer)
}

pub(super) fn delete(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let id = call.action.parameters.first().map_or("", |parameter| call.arguments.text(parameter.name));
    let media = call.state.objects.find(ObjectKind::Entry, id).filter(|_| service.name == "playlist");
    if let Some(row) = media.filter(|row| !service.has(row)) {
        let kind = row.text("type");
        return Err(error::INVALID_ENTRY_MEDIA_TYPE.with(&[id, &kind, "3"]).into());
    }
    let row = found(call, service)?;
    delete_entry(call.state, row, call.info.now);
    Ok(Output::Null)
}

/// Deletes an entry with its assets.
pub(crate) fn delete_entry(state: &mut State, mut row: ObjectRow, now: i64) {
    let is_asset = |kind| matches!(kind, ObjectKind::FlavorAsset | ObjectKind::CaptionAsset | ObjectKind::ThumbAsset);
    let assets = state.objects.all().filter(|asset| is_asset(asset.kind) && asset.text("entryId") == row.id);
    for asset in assets.cloned().collect::<Vec<_>>() {
        put_deleted(state, asset, now);
    }
    category_entry::leave_all(state, &row.id);
    row.set("moderationStatus", MODERATION_DELETED);
    put_deleted(state, row, now);
}

pub(super) fn count(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let filter = call.arguments.object("filter");
    validate::for_list(filter)?;
    let count = matching(call, service, filter, Purpose::Count).len();
    Ok(i64::try_from(count).unwrap_or(i64::MAX).into())
}

pub(super) fn get_by_ids(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let ids = call.arguments.text("entryIds").split(',').take(500);
    let rows = ids.filter_map(|id| call.state.objects.find(ObjectKind::Entry, id.trim()));
    Ok(Output::List(rows.filter(|row| row.is_of(call.partner_id())).map(|row| record(call, row)).collect()))
}

pub(super) fn list_by_reference_id(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let wanted = call.arguments.text("refId");
    let is_wanted = |row: &&ObjectRow| row.is_of(call.partner_id()) && row.text("referenceId") == wanted;
    crud::list_of(call, call.state.objects.of_kind(ObjectKind::Entry).filter(is_wanted).collect())
}

/// Which entries a list shows unless its filter says otherwise: those that are ready and not in moderation, and to a user
/// without the privilege `list:*` only their own. A filter by id lifts both; for a count only the first.
pub(super) fn visibility<'a>(
    call: &'a Call<'_>,
    filter: Option<&Object>,
    purpose: Purpose,
) -> impl Fn(&ObjectRow) -> bool + use<'a> {
    let is_given = |name: &str| filter.is_some_and(|filter| filter.field(name).is_some());
    let is_one_of = |names: &[&str]| names.iter().any(|name| is_given(name));
    let by_id = is_given("idEqual");
    let by_status = is_one_of(&["statusEqual", "statusIn", "statusNotEqual", "statusNotIn"]);
    let by_moderation = by_id
        || by_status
        || is_one_of(&[
            "moderationStatusEqual",
            "moderationStatusIn",
            "moderationStatusNotEqual",
            "moderationStatusNotIn",
        ]);
    let names_objects = purpose == Purpose::List && is_one_of(&["idEqual", "idIn", "referenceIdEqual"]);
    let session = call.context.session.as_ref();
    let lists_all =
        session.and_then(|session| session.ks.privilege("list")).unwrap_or_default().iter().any(|of| of == "*");
    let sees_all = call.is_admin() || lists_all || names_objects;
    let user = user_id(call);
    move |row| {
        (by_status || !row.is_deleted && (by_id || row.int("status") == READY))
            && (by_moderation || !matches!(row.int("moderationStatus"), 1 | 3))
            && (sees_all || texts_are_equal(&row.text("userId"), user))
    }
}

fn admin_property(object: &Object, name: &str) -> ApiError {
    error::PROPERTY_VALIDATION_ADMIN_PROPERTY.with(&[&format!("{}::{name}", object.class.name)])
}
