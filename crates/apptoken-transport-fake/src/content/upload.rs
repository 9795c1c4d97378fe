//! The files of entries: from an upload token, a text or a URL.

use crate::actions::action::Call;
use crate::content::crud::{found, new_row};
use crate::content::record::record;
use crate::content::upload_token::FULL;
use crate::content::{Service, entry};
use crate::error::{self, ApiError, Failure};
use crate::model::object::{ObjectKind, ObjectRow, StoredFile, Uploads};
use crate::model::state::State;
use crate::objects::Object;
use crate::output::Output;

const IMPORTING: i64 = 0;
const CONVERTING: i64 = 1;
pub(super) const READY: i64 = 2;
const NO_CONTENT: i64 = 7;
const IMAGE: i64 = 2;

/// The status of a token whose file has been used.
const TOKEN_CLOSED: i64 = 3;

/// The quality that the server writes into an entry that it converts, and the version of an image; both as recorded.
const QUALITY: i64 = 13;
const IMAGE_VERSION: &str = "100012";

/// The duration in seconds of a video or audio entry that becomes ready. The fake does not look into files.
const DURATION: i64 = 60;

/// In a token: the entry that waits for its file. It is not a property of the API.
const WAITING_ENTRY: &str = "_entry";

/// A file from a request.
pub(super) enum Content {
    File {
        file: StoredFile,
        name: String,
        token: Option<ObjectRow>,
    },
    /// A token whose file is not complete yet.
    Pending(ObjectRow),
    /// The server would fetch it in the background.
    Remote,
}

impl Content {
    /// The content that a resource of a request names.
    pub(super) fn of(call: &Call<'_>, resource: &Object) -> Result<Self, ApiError> {
        match resource.class.name {
            "KalturaUploadedFileTokenResource" => Self::of_token(call, resource.text("token").unwrap_or_default()),
            "KalturaStringResource" => {
                let file = StoredFile::of(resource.text("content").unwrap_or_default().as_bytes());
                Ok(Self::File { file, name: String::new(), token: None })
            }
            "KalturaUrlResource" => Ok(Self::Remote),
            _ => Err(error::EMULATOR_NO_ANSWER.with(&[&call.action.full_name])),
        }
    }

    pub(super) fn of_token(call: &Call<'_>, id: &str) -> Result<Self, ApiError> {
        let token = call.state.objects.find(ObjectKind::UploadToken, id).filter(|row| row.is_of(call.partner_id()));
        let token = token.ok_or_else(|| error::UPLOAD_TOKEN_NOT_FOUND.plain())?;
        match (token.int("status"), &token.file) {
            (FULL, Some(file)) => {
                Ok(Self::File { file: file.clone(), name: token.text("fileName"), token: Some(token.clone()) })
            }
            (TOKEN_CLOSED, _) => Err(error::UPLOAD_TOKEN_NOT_FOUND.plain()),
            _ => Ok(Self::Pending(token.clone())),
        }
    }
}

pub(super) fn add_content(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = found(call, service)?;
    if row.int("status") != NO_CONTENT {
        return Err(error::ENTRY_ALREADY_WITH_CONTENT.plain().into());
    }
    let content = Content::of(call, call.arguments.mandatory_object("resource")?)?;
    Ok(put(call, row, content))
}

pub(super) fn add_from_uploaded_file(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let content = Content::of_token(call, call.arguments.text("uploadTokenId"))?;
    let row = entry::new_entry(call, service)?;
    Ok(put(call, row, content))
}

/// Stores an entry with its content.
fn put(call: &mut Call<'_>, mut row: ObjectRow, content: Content) -> Output {
    let now = call.now();
    match content {
        Content::File { file, name, token } => {
            fill(call.state, &mut row, &file, &name, now);
            if let Some(token) = token {
                close(call.state, token, now);
            }
        }
        Content::Pending(mut token) => {
            row.set("status", IMPORTING);
            row.set("sourceType", "1");
            token.set(WAITING_ENTRY, row.id.as_str());
            call.state.objects.put(token);
        }
        Content::Remote => {
            row.set("status", IMPORTING);
            row.set("sourceType", "5");
            if let Some(time) = ready_at(call.state.uploads, now) {
                row.ready_at = Some(time);
            }
        }
    }
    row.set("updatedAt", now);
    let answer = record(call, &row);
    call.state.objects.put(row);
    answer
}

/// Gives an entry its file. A video or audio file becomes a flavor asset.
fn fill(state: &mut State, row: &mut ObjectRow, file: &StoredFile, name: &str, now: i64) {
    row.set("sourceType", "1");
    if row.int("mediaType") == IMAGE {
        row.set("version", IMAGE_VERSION);
        row.set("status", READY);
        row.file = Some(file.clone());
        return;
    }
    if state.account(row.partner_id).is_some_and(|account| account.has_profiles) {
        row.set("conversionProfileId", row.partner_id);
        row.set("conversionQuality", QUALITY);
    }
    row.set("status", CONVERTING);
    let id = state.new_object_id(ObjectKind::FlavorAsset);
    let mut flavor = new_row(state, ObjectKind::FlavorAsset, "KalturaFlavorAsset", row.partner_id, &id, now);
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    flavor.set("entryId", row.id.as_str());
    flavor.set("fileExt", extension(name));
    flavor.set("size", size);
    flavor.set("sizeInBytes", size.to_string());
    flavor.set("status", IMPORTING);
    flavor.file = Some(file.clone());
    state.objects.put(flavor);
    match state.uploads {
        Uploads::Ready => make_ready(state, row, now),
        other => row.ready_at = ready_at(other, now),
    }
}

/// When an entry becomes ready whose file comes now; `None` if it does not by itself.
fn ready_at(uploads: Uploads, now: i64) -> Option<i64> {
    match uploads {
        Uploads::ReadyAfter(seconds) => Some(now.saturating_add(seconds.into())),
        Uploads::Ready | Uploads::Converting => None,
    }
}

/// Makes an entry and its flavor assets ready.
pub(super) fn make_ready(state: &mut State, row: &mut ObjectRow, now: i64) {
    row.ready_at = None;
    row.set("status", READY);
    if row.get("duration").is_some() && row.int("duration") == 0 {
        row.set("duration", DURATION);
        row.set("msDuration", DURATION * 1_000);
    }
    let flavors = state.objects.of_kind(ObjectKind::FlavorAsset).filter(|flavor| flavor.text("entryId") == row.id);
    for mut flavor in flavors.cloned().collect::<Vec<_>>() {
        flavor.set("status", READY);
        flavor.set("updatedAt", now);
        state.objects.put(flavor);
    }
}

/// Makes the entries ready whose time has come.
pub(super) fn finish_waiting(state: &mut State, now: i64) {
    for mut row in state.objects.take_ready(now) {
        make_ready(state, &mut row, now);
        row.set("updatedAt", now);
        state.objects.put(row);
    }
}

/// Gives the complete file of a token to the entry that waits for it.
pub(super) fn finish_token(state: &mut State, token: &mut ObjectRow, now: i64) {
    let entry = state.objects.find(ObjectKind::Entry, &token.text(WAITING_ENTRY)).cloned();
    let Some(mut entry) = entry else { return };
    if let Some(file) = token.file.take() {
        fill(state, &mut entry, &file, &token.text("fileName"), now);
        entry.set("updatedAt", now);
        state.objects.put(entry);
        token.set("status", TOKEN_CLOSED);
    }
}

/// Closes a token. Its file is that of another object now.
pub(super) fn close(state: &mut State, mut token: ObjectRow, now: i64) {
    token.file = None;
    token.set("status", TOKEN_CLOSED);
    token.set("updatedAt", now);
    state.objects.put(token);
}

/// The extension of a file name.
pub(super) fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}
