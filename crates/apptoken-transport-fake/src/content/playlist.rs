//! Playlists of fixed entries.

use crate::actions::action::Call;
use crate::content::Service;
use crate::content::crud::found;
use crate::content::record::record;
use crate::error::Failure;
use crate::model::object::ObjectKind;
use crate::output::Output;

const READY: i64 = 2;

/// The entries of a playlist that are ready.
pub(super) fn execute(call: &mut Call<'_>, service: &'static Service) -> Result<Output, Failure> {
    let content = found(call, service)?.text("playlistContent");
    let entries = content.split(',').filter_map(|id| call.state.objects.find(ObjectKind::Entry, id.trim()));
    let ready = entries.filter(|row| row.is_of(call.partner_id()) && row.int("status") == READY);
    Ok(Output::List(ready.take(500).map(|row| record(call, row)).collect()))
}
