//! Upload tokens: files that come at once, or in pieces.

use crate::actions::action::Call;
use crate::content::crud::{assign, found, new_row, user_id};
use crate::content::record::record;
use crate::content::{Service, upload};
use crate::error::{self, Failure};
use crate::model::object::ObjectKind;
use crate::objects::{build, validate};
use crate::output::Output;
use crate::php::Value;
use crate::php::cast::to_int;
use crate::php::value::set;
use crate::wire::multipart::FileContent;
use crate::wire::upload_form::FILE_FIELD;

const NEW: i64 = 0;
const PARTIAL: i64 = 1;
pub(super) const FULL: i64 = 2;

pub(super) fn add(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let (partner_id, now) = (call.partner_id(), call.now());
    let id = call.state.new_object_id(ObjectKind::UploadToken);
    let mut row = new_row(call.state, ObjectKind::UploadToken, "KalturaUploadToken", partner_id, &id, now);
    if let Some(object) = call.arguments.object("uploadToken") {
        validate::for_insert(object)?;
        assign(&mut row, object);
    }
    if let Some(Value::Array(given)) = set(call.params, "uploadToken")
        && let Some(size) = set(given, "fileSize")
    {
        // The server shows sizes as text.
        row.set("fileSize", to_int(size).to_string());
    }
    let user = user_id(call).to_owned();
    call.state.users.find_or_make(partner_id, Some(&user), now);
    row.set("userId", user);
    let answer = record(call, &row);
    call.state.objects.put(row);
    Ok(answer)
}

pub(super) fn upload(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let piece = call.info.files.iter().find(|file| file.field == FILE_FIELD);
    let piece = piece.ok_or_else(|| error::UPLOAD_ERROR.plain())?;
    let flag = |name, default| set(call.params, name).map_or(Ok(default), build::to_bool);
    let (is_resumed, is_last) = (flag("resume", false)?, flag("finalChunk", true)?);
    let status = row.int("status");
    if !matches!(status, NEW | PARTIAL) {
        return Err(error::UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD.plain().into());
    }
    if is_resumed && status == NEW {
        return Err(error::UPLOAD_TOKEN_CANNOT_RESUME.plain().into());
    }
    let mut file = row.file.take().filter(|_| is_resumed).unwrap_or_default();
    let at = set(call.params, "resumeAt").map_or(-1, to_int);
    let at = if is_resumed { u64::try_from(at).unwrap_or(file.size) } else { 0 };
    match piece.content {
        FileContent::Whole(bytes) => file.write(at, bytes),
        FileContent::Streamed(piece) => file.write_file(at, piece),
    }
    if row.get("fileName").is_none() {
        row.set("fileName", piece.name.as_str());
    }
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let is_complete = row.get("autoFinalize").is_some_and(|yes| yes == true) && size >= row.int("fileSize");
    row.set("uploadedFileSize", size.to_string());
    row.set("status", if is_last || is_complete { FULL } else { PARTIAL });
    row.set("updatedAt", call.now());
    row.file = Some(file);
    let answer = record(call, &row);
    if row.int("status") == FULL {
        upload::finish_token(call.state, &mut row, call.info.now);
    }
    call.state.objects.put(row);
    Ok(answer)
}
