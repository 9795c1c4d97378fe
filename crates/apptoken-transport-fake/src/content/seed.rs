//! Objects that a test gives: in its configuration, from Rust, or over the control interface.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::answers::value;
use crate::config_error::ConfigError;
use crate::content::category_entry::{CategoryChoice, choose_in};
use crate::content::{SERVICES, Service, category, crud, entry, upload};
use crate::fake::Fake;
use crate::model::object::{MAX_KEPT, ObjectKind, ObjectRow, StoredFile, Uploads, json_text};
use crate::model::state::State;
use crate::objects::{self, Class, PropertyKind};

impl Fake {
    /// Adds an object of a service, such as `media`, or changes the one with the same `id`. Returns its id.
    ///
    /// `json` is an object with properties by their API names, also those that the API does not let a client set, such as
    /// `status`. `partnerId` can be left out if there is one account. `objectType` names another class than that of the
    /// service. `content` is the text of a file. A new entry is ready (status 2).
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key and what is expected there.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::Fake;
    ///
    /// let fake = Fake::new();
    /// let id = fake.add_object("media", r#"{"name": "A film", "duration": 90, "tags": "a, b"}"#)?;
    /// fake.add_object("caption_captionAsset", &format!(r#"{{"entryId": "{id}", "language": "English"}}"#))?;
    /// # Ok::<(), apptoken_transport_fake::ConfigError>(())
    /// ```
    pub fn add_object(&self, service: &str, json: &str) -> Result<String, ConfigError> {
        let properties: Map<String, Json> = ConfigError::parse(json)?;
        let service = service_of(service)?;
        let now = self.clock().time().0;
        put(&mut self.lock().state, service, &properties, now)
    }

    /// Adds or changes objects of several services, and returns their ids: `{"media": [{"name": "A film"}]}` gives
    /// `{"media": ["0_ab12cd34"]}`. Categories are added first, so that entries can name them.
    ///
    /// # Errors
    ///
    /// As [`add_object`](Self::add_object). Then nothing is added.
    pub fn add_objects(&self, json: &str) -> Result<String, ConfigError> {
        let all: Seeds = ConfigError::parse(json)?;
        let ids = self.add_seeds(&all)?;
        Ok(serde_json::to_string(&ids).unwrap_or_default())
    }

    pub(crate) fn add_seeds(&self, all: &Seeds) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
        let now = self.clock().time().0;
        let mut server = self.lock();
        // A clone shares the rows, so this is fast.
        let before = server.state.clone();
        let added = put_all(&mut server.state, all, now);
        if added.is_err() {
            server.state = before;
        }
        added
    }

    /// All stored objects as a JSON list: the service and the properties of each, and the size and SHA-256 hash of its
    /// file.
    #[must_use]
    pub fn objects(&self) -> String {
        let objects = self.lock().state.objects.clone();
        let shown = |row: &ObjectRow| {
            let service = SERVICES.iter().rev().find(|service| service.has(row)).map_or("", |service| service.name);
            let file = row.file.as_ref().map(|file| json!({ "size": file.size, "sha256": file.sha256 }));
            let properties = row.properties.iter().filter(|(name, _)| !name.starts_with('_'));
            let properties: Map<String, Json> = properties.map(|(name, value)| (name.clone(), value.clone())).collect();
            json!({ "service": service, "objectType": row.class, "properties": properties, "file": file })
        };
        let all = objects.all().filter(|row| !row.is_deleted).map(shown);
        Json::Array(all.collect()).to_string()
    }

    /// Removes an object of a service, as if it had never existed. Returns `false` if there is none with that id.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the service does not exist or has no objects.
    pub fn remove_object(&self, service: &str, id: &str) -> Result<bool, ConfigError> {
        let service = service_of(service)?;
        let objects = &mut self.lock().state.objects;
        let is_there = objects.get(service.kind, id).is_some();
        objects.remove(|row| row.kind == service.kind && row.id == id);
        Ok(is_there)
    }

    /// Removes all objects.
    pub fn clear_objects(&self) {
        self.lock().state.objects.remove(|_| true);
    }

    /// Sets how an entry becomes ready that gets its file; [`Uploads::Ready`] by default.
    pub fn set_uploads(&self, uploads: Uploads) {
        self.lock().state.uploads = uploads;
    }
}

/// Objects by the names of their services.
pub(crate) type Seeds = BTreeMap<String, Vec<Map<String, Json>>>;

fn put_all(state: &mut State, all: &Seeds, now: i64) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let mut services: Vec<_> = all.iter().collect();
    // Objects can name those of the kinds before them.
    services.sort_by_key(|(name, _)| service_of(name).map(|service| rank(service.kind)).ok());
    let mut ids = BTreeMap::new();
    for (name, objects) in services {
        let service = service_of(name)?;
        let put =
            |(at, object)| put(state, service, object, now).map_err(|error| error.inside(&format!("{name}[{at}]")));
        ids.insert(name.clone(), objects.iter().enumerate().map(put).collect::<Result<_, _>>()?);
    }
    Ok(ids)
}

fn rank(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::Category => 0,
        ObjectKind::Entry => 1,
        ObjectKind::CategoryEntry
        | ObjectKind::UploadToken
        | ObjectKind::FlavorAsset
        | ObjectKind::CaptionAsset
        | ObjectKind::ThumbAsset => 2,
    }
}

/// The service with stored objects that has this name, in any case.
fn service_of(name: &str) -> Result<&'static Service, ConfigError> {
    let found = SERVICES.iter().find(|service| service.name.eq_ignore_ascii_case(name));
    let names = || SERVICES.iter().map(|service| service.name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| ConfigError::new(name, format!("a service with objects: {}", names())))
}

fn put(state: &mut State, service: &Service, given: &Map<String, Json>, now: i64) -> Result<String, ConfigError> {
    let class = class_of(service, given)?;
    let properties = checked(class, given)?;
    let partner_id = partner_id(state, given)?;
    if state.make_room().is_err() {
        return Err(ConfigError::new("", "at most 20,000 objects of together 16 MiB"));
    }
    let id = given.get("id").map(json_text).filter(|id| !id.is_empty());
    let there = id.as_deref().and_then(|id| state.objects.get(service.kind, id)).cloned();
    let is_new = there.is_none();
    let mut row = match there {
        Some(row) => ObjectRow { is_deleted: false, ..row },
        None => new_row(state, service, class, partner_id, id, now),
    };
    row.properties.extend(properties);
    row.set("partnerId", partner_id);
    if service.kind == ObjectKind::Category {
        row.set("id", crate::php::cast::text_to_int(&row.id));
    } else {
        let id = row.id.clone();
        row.set("id", id);
    }
    if let Some(content) = given.get("content").and_then(Json::as_str) {
        fill(&mut row, content);
    }
    store(state, row, given, is_new, now)
}

fn new_row(
    state: &mut State,
    service: &Service,
    class: &Class,
    partner_id: i64,
    id: Option<String>,
    now: i64,
) -> ObjectRow {
    if service.kind == ObjectKind::Category {
        let row = category::new_category(state, partner_id, now);
        return ObjectRow { id: id.unwrap_or_else(|| row.id.clone()), ..row };
    }
    let id = id.unwrap_or_else(|| state.new_object_id(service.kind));
    let mut row = crud::new_row(state, service.kind, class.name, partner_id, &id, now);
    if service.kind == ObjectKind::Entry {
        row.set("status", upload::READY);
        row.set("userId", "");
        row.set("creatorId", "");
    }
    if class.name == "KalturaMediaEntry" {
        row.set("mediaType", 1);
    }
    row
}

/// Gives an object a text as its file.
fn fill(row: &mut ObjectRow, content: &str) {
    let file = StoredFile::of(content.as_bytes());
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    match row.kind {
        ObjectKind::Entry => {}
        ObjectKind::UploadToken => {
            row.set("uploadedFileSize", size.to_string());
            row.set("status", upload::READY);
        }
        _ => {
            row.set("size", size);
            row.set("sizeInBytes", size.to_string());
            row.set("status", upload::READY);
        }
    }
    row.file = Some(file);
}

/// Stores an object after setting what follows from its other properties.
fn store(
    state: &mut State,
    mut row: ObjectRow,
    given: &Map<String, Json>,
    is_new: bool,
    now: i64,
) -> Result<String, ConfigError> {
    let refused = |key: &'static str| move |error: crate::error::ApiError| ConfigError::new(key, error.message());
    let id = row.id.clone();
    match row.kind {
        ObjectKind::Entry => {
            entry::complete(state, &mut row, now);
            let text = |name| given.get(name).map(json_text);
            let choice = CategoryChoice { names: text("categories"), ids: text("categoriesIds") };
            let user = row.text("userId");
            choose_in(state, &mut row, &choice, &user, now).map_err(refused("categories"))?;
        }
        ObjectKind::Category => {
            category::place(state, &mut row).map_err(refused("name"))?;
            if is_new {
                category::put_new(state, row);
                return Ok(id);
            }
        }
        ObjectKind::CategoryEntry => {
            let entry = state.objects.find(ObjectKind::Entry, &row.text("entryId")).cloned();
            let mut entry = entry.ok_or_else(|| ConfigError::new("entryId", "the id of an entry"))?;
            let ids = [entry.text("categoriesIds"), row.text("categoryId")].join(",");
            let choice = CategoryChoice { names: None, ids: Some(ids) };
            choose_in(state, &mut entry, &choice, "", now).map_err(refused("categoryId"))?;
            state.objects.put(entry);
            return Ok(id);
        }
        ObjectKind::CaptionAsset => {
            let code = super::languages::code_of(&row.text("language"));
            row.set("languageCode", code);
        }
        ObjectKind::UploadToken | ObjectKind::FlavorAsset | ObjectKind::ThumbAsset => {}
    }
    state.objects.put(row);
    Ok(id)
}

/// The class of the object: that of the service, or the one that extends it and that `objectType` names.
fn class_of(service: &Service, given: &Map<String, Json>) -> Result<&'static Class, ConfigError> {
    let named = match given.get("objectType").map(json_text) {
        Some(named) if named == service.class => objects::class(service.class),
        Some(named) => crate::catalog::classes::subclass(service.class, &named),
        None => objects::class(service.class),
    };
    named.ok_or_else(|| ConfigError::new("objectType", format!("{} or a class that extends it", service.class)))
}

fn partner_id(state: &State, given: &Map<String, Json>) -> Result<i64, ConfigError> {
    let only = || state.accounts.keys().next().filter(|_| state.accounts.len() == 1).map(|id| i64::from(*id));
    let wanted = given.get("partnerId").map_or_else(only, Json::as_i64);
    let known = wanted.filter(|id| state.account(*id).is_some());
    known.ok_or_else(|| ConfigError::new("partnerId", "the id of an account"))
}

/// The properties, with numbers and texts as the server shows them.
fn checked(class: &Class, given: &Map<String, Json>) -> Result<Map<String, Json>, ConfigError> {
    let mut properties = Map::new();
    for (name, value) in given {
        if matches!(&**name, "objectType" | "content" | "id" | "partnerId") {
            let is_valid = *name != "content" || value.as_str().is_some_and(|text| text.len() <= MAX_KEPT);
            if !is_valid {
                return Err(ConfigError::new("content", "a text of at most 1 MiB"));
            }
            continue;
        }
        let Some(property) = class.properties.iter().find(|property| property.name == name) else {
            return Err(ConfigError::new(name, format!("a property of {}", class.name)));
        };
        value::parse(&value.to_string()).map_err(|expected| ConfigError::new(name, expected))?;
        properties.insert(name.clone(), typed(property.kind, name, value));
    }
    Ok(properties)
}

fn typed(kind: PropertyKind, name: &str, value: &Json) -> Json {
    let is_number = matches!(kind, PropertyKind::Int | PropertyKind::Time | PropertyKind::Enum(_))
        || matches!(name, "status" | "type");
    match (kind, value) {
        (_, Json::String(text)) if is_number => text.parse::<i64>().map_or_else(|_| value.clone(), Json::from),
        (PropertyKind::Text | PropertyKind::TextEnum(_), Json::Number(number)) if !is_number => {
            number.to_string().into()
        }
        _ => value.clone(),
    }
}
