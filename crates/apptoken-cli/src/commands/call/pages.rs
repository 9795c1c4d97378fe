//! All pages of a list, as JSON lines.

use std::collections::HashSet;
use std::time::Instant;

use serde_json::{Value, json};

use super::action::NamedAction;
use super::select::Selection;
use crate::console::Console;
use crate::failure::{Code, Failure};
use crate::setup::connect::Caller;
use crate::show::json;

/// The server reduces larger pages to this.
const PAGE_SIZE: u64 = 500;

/// Writes each object of a list on a line.
pub(super) fn run(
    caller: &Caller,
    action: NamedAction,
    selection: Option<&Selection>,
    console: &Console,
) -> Result<(), Failure> {
    each_page(caller, action, console, |object| match selection {
        // Paths start at the whole result, as without --paginate.
        Some(selection) => selection.write(&json!({"objects": [object]}), console),
        None => json::write_line(console, object),
    })
}

/// Reads a list page by page, and shows how far it is.
pub(crate) fn each_page(
    caller: &Caller,
    mut action: NamedAction,
    console: &Console,
    mut object_read: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if action.parameters.contains_key("pager") {
        return Err(
            Failure::usage("--paginate sets the pager itself").cure("leave out the pager, or leave out --paginate")
        );
    }
    let begun = Instant::now();
    // An object moves to a later page if one is added before it meanwhile.
    let (mut seen, mut read) = (HashSet::new(), 0_u64);
    for page in 1_u64.. {
        action.parameters.insert("pager".into(), json!({"pageSize": PAGE_SIZE, "pageIndex": page}));
        let result = caller.call(&action)?;
        let objects = result.get("objects").and_then(Value::as_array).ok_or_else(|| {
            Failure::new(Code::Failure, "the result has no pages")
                .cure("leave out --paginate: the action returns no list")
        })?;
        let total = result.get("totalCount").and_then(Value::as_u64).unwrap_or_default();
        for object in objects {
            if object.get("id").is_none_or(|id| seen.insert(id.to_string())) {
                object_read(object)?;
                read += 1;
            }
        }
        let pages = if page == 1 { "1 page".to_owned() } else { format!("{page} pages") };
        console.progress(&format!("{read} of {total} objects, {pages}, {} ms", begun.elapsed().as_millis()));
        // An empty page ends the list even if the total count says otherwise.
        if objects.is_empty() || page * PAGE_SIZE >= total {
            break;
        }
    }
    console.end_progress();
    Ok(())
}
