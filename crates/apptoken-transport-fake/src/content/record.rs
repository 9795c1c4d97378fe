//! Shows stored objects as API objects.

use serde_json::Value as Json;

use crate::actions::action::Call;
use crate::answers::value::object;
use crate::model::object::{ObjectKind, ObjectRow};
use crate::objects;
use crate::objects::response_profile::ResponseProfile;
use crate::output::{Output, Record};
use crate::request_info::RequestInfo;

const AUDIO: i64 = 5;
const VIDEO: i64 = 1;
const IMAGE: i64 = 2;

/// The object as an instance of its class. The type of an entry stays whatever the response profile says, as observed.
pub(super) fn record(call: &Call<'_>, row: &ObjectRow) -> Output {
    let mut output = record_as(call, row, &row.class);
    if let Output::Object(record) = &mut output {
        let kind = record.properties.iter_mut().find(|(name, _)| row.kind == ObjectKind::Entry && name == "type");
        if let Some((_, kind)) = kind {
            *kind = value(&Site::of(call.info), row, "type");
        }
    }
    output
}

/// The object as `update` shows it: as an instance of the class that the request names, which can have fewer properties.
pub(super) fn record_as(call: &Call<'_>, row: &ObjectRow, class: &str) -> Output {
    let Some(class) = objects::class(class) else { return Output::Null };
    let site = Site::of(call.info);
    // XML has an element for the related objects in every object.
    let shown = class.properties.iter().filter(|property| property.name != "relatedObjects");
    let all = Record::new(class.name, shown.map(|property| (property.name, value(&site, row, property.name))));
    ResponseProfile::apply(call.profile, all).into()
}

/// The object as `add` shows it, before the server has read it back: without some of its defaults.
pub(super) fn new_record(call: &Call<'_>, row: &ObjectRow, hidden: &[&str]) -> Output {
    let mut output = record(call, row);
    if let Output::Object(record) = &mut output {
        for (_, value) in record.properties.iter_mut().filter(|(name, _)| hidden.contains(&&**name)) {
            *value = Output::Null;
        }
    }
    output
}

/// The address of the server, as the client of a request names it.
pub(super) struct Site(String);

impl Site {
    pub(super) fn of(info: RequestInfo<'_>) -> Self {
        Self(format!("{}://{}", if info.is_https { "https" } else { "http" }, info.host))
    }

    /// The address of the content of an account.
    pub(super) fn account(&self, row: &ObjectRow) -> String {
        // Playlists have no sub-account.
        let sub = if row.class == "KalturaPlaylist" { 0 } else { row.partner_id.saturating_mul(100) };
        format!("{}/p/{}/sp/{sub}", self.0, row.partner_id)
    }
}

fn value(site: &Site, row: &ObjectRow, name: &str) -> Output {
    if let Some(stored) = row.get(name) {
        return output(stored);
    }
    match row.kind {
        ObjectKind::Entry => computed(site, row, name).map_or(Output::Null, Output::Text),
        _ => Output::Null,
    }
}

/// A property of an entry that is made from others.
fn computed(site: &Site, row: &ObjectRow, name: &str) -> Option<String> {
    let (account, id) = (site.account(row), &row.id);
    let media = row.int("mediaType");
    let version = || row.text("version");
    let is_played = media == VIDEO || media == AUDIO;
    Some(match name {
        "rootEntryId" => id.clone(),
        "searchText" => search_text(row),
        "downloadUrl" if is_played => {
            format!("{account}/playManifest/entryId/{id}/format/download/protocol/http/flavorParamIds/0")
        }
        "downloadUrl" => format!("{account}/raw/entry_id/{id}/version/{}", version()),
        "thumbnailUrl" => {
            let is_picture = media == IMAGE || row.class == "KalturaPlaylist";
            let version = if is_picture { version() } else { "0".to_owned() };
            format!("{account}/thumbnail/entry_id/{id}/version/{version}")
        }
        "dataUrl" if is_played => format!("{account}/playManifest/entryId/{id}/format/url/protocol/http"),
        "dataUrl" => {
            format!("{account}/thumbnail/entry_id/{id}/def_height/480/def_width/640/version/{}/type/1", version())
        }
        "executeUrl" => execute_url(site, row),
        _ => return None,
    })
}

fn execute_url(Site(address): &Site, row: &ObjectRow) -> String {
    let query = format!("uid=&partner_id={}&subp_id=0&format=8&ks={{ks}}&playlist_id={}", row.partner_id, row.id);
    let url = format!("{address}/index.php/partnerservices2/executeplaylist?{query}");
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    format!("k_pl_0_name={}&k_pl_0_url={}", row.text("name"), url.bytes().map(encode).collect::<String>())
}

/// The text that the search engine would find the entry by.
pub(super) fn search_text(row: &ObjectRow) -> String {
    let media = match row.class.as_str() {
        "KalturaDataEntry" => "-1".to_owned(),
        "KalturaPlaylist" => row.text("playlistType"),
        _ => row.text("mediaType"),
    };
    let words = ["name", "tags", "description"].map(|name| row.text(name));
    let words: String = words.iter().filter(|text| !text.is_empty()).map(|text| format!("{text} ")).collect();
    format!("_KAL_NET_ _{}_ _MEDIA_TYPE_{media}|  {words}", row.partner_id)
}

fn output(value: &Json) -> Output {
    match value {
        Json::Null => Output::Null,
        Json::Bool(value) => Output::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Output::Int(number),
            None => Output::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Output::Text(text.clone()),
        Json::Array(items) => Output::List(items.iter().map(output).collect()),
        Json::Object(items) => {
            let class = items.get("objectType").and_then(Json::as_str).unwrap_or_default().to_owned();
            let properties = items.iter().filter(|(name, _)| *name != "objectType");
            let properties: Vec<_> = properties.map(|(name, value)| (name.clone(), output(value))).collect();
            object(class, properties.clone()).unwrap_or(Output::Map(properties))
        }
    }
}
