//! Flavor assets.

use crate::actions::action::Call;
use crate::actions::without_model;
use crate::content::Service;
use crate::content::crud::found;
use crate::content::record::{Site, record};
use crate::content::upload::READY;
use crate::error::{self, Failure};
use crate::model::object::ObjectKind;
use crate::output::Output;

pub(super) fn get_by_entry_id(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let entry = call.arguments.text("entryId");
    if call.state.objects.find(ObjectKind::Entry, entry).is_none() {
        return Err(without_model::unknown_id(call));
    }
    let rows = call.state.objects.of_kind(service.kind).filter(|row| row.text("entryId") == entry);
    Ok(Output::List(rows.map(|row| record(call, row)).collect()))
}

pub(super) fn flavor_url(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let row = found(call, service)?;
    if row.int("status") != READY {
        return Err(error::FLAVOR_ASSET_IS_NOT_READY.plain().into());
    }
    let (account, entry, id) = (Site::of(call.info).account(&row), row.text("entryId"), &row.id);
    let name = format!("a.{}", row.text("fileExt"));
    Ok(format!("{account}/serveFlavor/entryId/{entry}/flavorId/{id}/forceproxy/true/name/{name}").into())
}
