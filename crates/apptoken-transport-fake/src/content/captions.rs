//! Caption assets and their texts.

use crate::actions::action::Call;
use crate::content::caption_text::{self, Cue};
use crate::content::crud::{assign, check_update, found, given_object, new_row};
use crate::content::languages::code_of;
use crate::content::record::{Site, new_record, record, record_as};
use crate::content::upload::{self, Content, READY};
use crate::content::{Service, crud};
use crate::error::{self, ApiError, Failure};
use crate::model::object::{ObjectKind, ObjectRow};
use crate::objects::validate;
use crate::output::{FileOutput, Output};
use crate::wire::json;

/// The status of a caption whose text is not of its format.
const BROKEN: i64 = -1;

pub(super) fn add(call: &mut Call<'_>, _: &'static Service) -> Result<Output, Failure> {
    let entry = call.state.objects.find(ObjectKind::Entry, call.arguments.text("entryId"));
    let entry = entry.filter(|row| row.is_of(call.partner_id())).map(|row| row.id.clone());
    let entry = entry.ok_or_else(|| crate::actions::without_model::unknown_id(call))?;
    let object = given_object(call)?;
    validate::for_insert(object)?;
    let (partner_id, now) = (call.partner_id(), call.now());
    let id = call.state.new_object_id(ObjectKind::CaptionAsset);
    let mut row = new_row(call.state, ObjectKind::CaptionAsset, "KalturaCaptionAsset", partner_id, &id, now);
    row.set("entryId", entry);
    assign(&mut row, object);
    row.set("languageCode", code_of(&row.text("language")));
    let answer = new_record(call, &row, &["description", "captionParamsId"]);
    call.state.objects.put(row);
    Ok(answer)
}

pub(super) fn update(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let object = given_object(call)?;
    check_update(&row, object)?;
    assign(&mut row, object);
    row.set("languageCode", code_of(&row.text("language")));
    row.set("updatedAt", call.now());
    let answer = record_as(call, &row, object.class.name);
    call.state.objects.put(row);
    Ok(answer)
}

pub(super) fn set_content(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let mut row = found(call, service)?;
    let content = Content::of(call, call.arguments.mandatory_object("contentResource")?)?;
    let Content::File { file, name, token } = content else {
        return Err(error::EMULATOR_NO_ANSWER.with(&[&call.action.full_name]).into());
    };
    let format = row.text("format");
    let extension =
        if name.is_empty() { caption_text::extension(&format).to_owned() } else { upload::extension(&name) };
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let text = file.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let is_sound = text.is_none_or(|text| caption_text::is_of_format(&text, &format));
    row.set("version", "2");
    row.set("size", size);
    row.set("sizeInBytes", size.to_string());
    row.set("fileExt", extension);
    row.set("status", if is_sound { READY } else { BROKEN });
    row.set("updatedAt", call.now());
    row.file = Some(file);
    if let Some(token) = token {
        upload::close(call.state, token, call.info.now);
    }
    let answer = record(call, &row);
    call.state.objects.put(row);
    Ok(answer)
}

/// Makes a caption the default one of its entry, and all others not.
pub(super) fn set_as_default(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let chosen = found(call, service)?;
    let entry = chosen.text("entryId");
    let captions = call.state.objects.of_kind(service.kind).filter(|row| row.text("entryId") == entry);
    for mut row in captions.cloned().collect::<Vec<_>>() {
        row.set("isDefault", row.id == chosen.id);
        call.state.objects.put(row);
    }
    Ok(Output::Null)
}

pub(super) fn url(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = ready(call, service)?;
    let (account, id) = (Site::of(call.info).account(&row), &row.id);
    let site = account.split("/p/").next().unwrap_or_default();
    Ok(format!("{site}/api_v3/index.php/service/caption_captionAsset/action/serve/captionAssetId/{id}").into())
}

pub(super) fn serve(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let text = text_of(call, service)?;
    Ok(Output::File(FileOutput { content_type: "text/plain; charset=utf-8", text }))
}

/// The cues of a caption as JSON.
pub(super) fn serve_as_json(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let cues = caption_text::cues(&text_of(call, service)?);
    let shown = |cue: Cue| {
        let content = Output::Map(vec![("text".to_owned(), cue.text.into())]);
        Output::Map(vec![
            ("startTime".to_owned(), cue.start.into()),
            ("endTime".to_owned(), cue.end.into()),
            ("content".to_owned(), Output::List(vec![content])),
        ])
    };
    let all = Output::Map(vec![("objects".to_owned(), Output::List(cues.into_iter().map(shown).collect()))]);
    Ok(Output::File(FileOutput { content_type: "application/json", text: json::text(&all) }))
}

fn ready(call: &Call<'_>, service: &'static Service) -> Result<ObjectRow, Failure> {
    let row = found(call, service)?;
    if row.int("status") == READY { Ok(row) } else { Err(not_ready().into()) }
}

fn not_ready() -> ApiError {
    error::CAPTION_ASSET_IS_NOT_READY.plain()
}

/// The text of a caption. An error is only in a header, as for every action that returns a file.
fn text_of(call: &Call<'_>, service: &'static Service) -> Result<String, Failure> {
    let row = crud::found(call, service)?;
    let text = row.file.as_ref().and_then(|file| file.bytes()).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    text.ok_or_else(|| Failure::NoFile(not_ready()))
}
