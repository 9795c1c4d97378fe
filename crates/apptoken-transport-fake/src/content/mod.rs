//! The services whose objects are stored: entries, categories, captions, flavor assets and upload tokens.
//!
//! A service is a row of [`SERVICES`]. What its actions do is the same for all services, unless [`run_of`] names a
//! function of its own. The checks before an action, its parameters and the error for an unknown id are in the catalog.

mod assets;
mod caption_text;
mod captions;
mod category;
mod category_entry;
mod crud;
mod defaults;
mod entry;
mod filter;
mod languages;
pub(crate) mod owner;
mod playlist;
mod record;
pub(crate) mod seed;
mod upload;
mod upload_token;

use crate::actions::action::Call;
use crate::catalog::action::CatalogAction;
use crate::error::Failure;
use crate::model::object::{ObjectKind, ObjectRow};
use crate::output::Output;

pub(crate) use languages::NAMES as LANGUAGES;

/// A service with stored objects.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) kind: ObjectKind,
    /// The class of a new object.
    pub(crate) class: &'static str,
    /// The type of its entries; `None` for any, and for objects that are not entries.
    pub(crate) entry_type: Option<i64>,
}

pub(crate) const SERVICES: &[Service] = &[
    Service { name: "baseEntry", kind: ObjectKind::Entry, class: "KalturaBaseEntry", entry_type: None },
    Service { name: "media", kind: ObjectKind::Entry, class: "KalturaMediaEntry", entry_type: Some(1) },
    Service { name: "data", kind: ObjectKind::Entry, class: "KalturaDataEntry", entry_type: Some(6) },
    Service { name: "playlist", kind: ObjectKind::Entry, class: "KalturaPlaylist", entry_type: Some(5) },
    Service { name: "category", kind: ObjectKind::Category, class: "KalturaCategory", entry_type: None },
    Service { name: "categoryEntry", kind: ObjectKind::CategoryEntry, class: "KalturaCategoryEntry", entry_type: None },
    Service { name: "uploadToken", kind: ObjectKind::UploadToken, class: "KalturaUploadToken", entry_type: None },
    Service { name: "flavorAsset", kind: ObjectKind::FlavorAsset, class: "KalturaFlavorAsset", entry_type: None },
    Service { name: "thumbAsset", kind: ObjectKind::ThumbAsset, class: "KalturaThumbAsset", entry_type: None },
    Service {
        name: "caption_captionasset",
        kind: ObjectKind::CaptionAsset,
        class: "KalturaCaptionAsset",
        entry_type: None,
    },
];

impl Service {
    /// Whether an object belongs to this service. An entry without a type belongs to `baseEntry` only.
    pub(crate) fn has(&self, row: &ObjectRow) -> bool {
        row.kind == self.kind && self.entry_type.is_none_or(|wanted| row.int("type") == wanted)
    }
}

/// What an action does.
pub(crate) type Run = fn(&mut Call<'_>, &'static Service) -> Result<Output, Failure>;

/// The service and what an action of it does; `None` for an action without stored objects.
pub(crate) fn model_of(action: &CatalogAction) -> Option<(&'static Service, Run)> {
    let service = SERVICES.iter().find(|service| service.name == action.service)?;
    Some((service, run_of(service.kind, action)?))
}

fn run_of(kind: ObjectKind, action: &CatalogAction) -> Option<Run> {
    Some(match (kind, action.name) {
        (ObjectKind::Entry, "add") => entry::add,
        (ObjectKind::Entry, "update") => entry::update,
        (ObjectKind::Entry, "delete") => entry::delete,
        (ObjectKind::Entry, "count") => entry::count,
        (ObjectKind::Entry, "getByIds") => entry::get_by_ids,
        (ObjectKind::Entry, "listByReferenceId") => entry::list_by_reference_id,
        (ObjectKind::Entry, "addContent") if action.service != "data" => upload::add_content,
        (ObjectKind::Entry, "addFromUploadedFile") => upload::add_from_uploaded_file,
        (ObjectKind::Entry, "execute") => playlist::execute,
        (ObjectKind::Category, "add") => category::add,
        (ObjectKind::Category, "update") => category::update,
        (ObjectKind::Category, "delete") => category::delete,
        (ObjectKind::CategoryEntry, "add") => category_entry::add,
        (ObjectKind::CategoryEntry, "delete") => category_entry::delete,
        (ObjectKind::UploadToken, "add") => upload_token::add,
        (ObjectKind::UploadToken, "upload") => upload_token::upload,
        (ObjectKind::FlavorAsset, "getByEntryId") => assets::get_by_entry_id,
        (ObjectKind::FlavorAsset, "getUrl") => assets::flavor_url,
        (ObjectKind::CaptionAsset, "add") => captions::add,
        (ObjectKind::CaptionAsset, "update") => captions::update,
        (ObjectKind::CaptionAsset, "setContent") => captions::set_content,
        (ObjectKind::CaptionAsset, "setAsDefault") => captions::set_as_default,
        (ObjectKind::CaptionAsset, "getUrl") => captions::url,
        (ObjectKind::CaptionAsset, "serve") => captions::serve,
        (ObjectKind::CaptionAsset, "serveAsJson") => captions::serve_as_json,
        (
            ObjectKind::UploadToken | ObjectKind::FlavorAsset | ObjectKind::CaptionAsset | ObjectKind::ThumbAsset,
            "delete",
        ) => crud::delete,
        (ObjectKind::FlavorAsset, "update") => crud::update,
        (ObjectKind::CategoryEntry, "get") => return None,
        (_, "get") => crud::get,
        (_, "list") => crud::list,
        _ => return None,
    })
}

/// Runs an action with stored objects.
pub(crate) fn run(call: &mut Call<'_>, service: &'static Service, run: Run) -> Result<Output, Failure> {
    // A stored reply would hide the changes of a test.
    call.cache_policy.disable();
    upload::finish_waiting(call.state, call.info.now);
    if matches!(call.action.name, "add" | "addContent" | "addFromUploadedFile" | "setContent" | "update" | "upload") {
        call.state.make_room()?;
    }
    run(call, service)
}
