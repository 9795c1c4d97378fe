//! How far the fake imitates each action: as JSON, and as the page that is also in `docs/coverage.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use apptoken_transport_fake::{Coverage, Fake};

use super::{Content, ControlError, ControlRequest};

/// The columns of the page: the heading and the explanation of each kind.
const COLUMNS: [(Coverage, &str, &str); 4] = [
    (Coverage::Modelled, "Modelled", "the reply is that of the server, from what is stored"),
    (Coverage::Empty, "Empty", "the reply is that of a server without objects, such as an empty list or the count 0"),
    (Coverage::UnknownId, "Unknown id", "the reply is the error for an id that does not exist"),
    (Coverage::NeedsAnswer, "Needs an answer", "the reply is an error that says how to set an answer"),
];

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "GET" {
        return Err(request.not_allowed("GET"));
    }
    serde_json::to_value(Fake::coverage()).map(Content::Json).map_err(|why| ControlError::new(500, why.to_string()))
}

pub(super) fn page(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => Ok(Content::Markdown(markdown().into())),
        _ => Err(request.not_allowed("GET")),
    }
}

fn markdown() -> String {
    let all = Fake::coverage();
    let mut services: BTreeMap<String, (&str, [Vec<&str>; 4])> = BTreeMap::new();
    for covered in &all {
        let (_, columns) = services
            .entry(covered.service.to_ascii_lowercase())
            .or_insert_with(|| (covered.service, Default::default()));
        for ((coverage, _, _), column) in COLUMNS.iter().zip(columns) {
            if *coverage == covered.coverage {
                column.push(covered.action);
            }
        }
    }
    let mut page = format!(
        "# What is modelled\n\n\
         The emulator knows {} services with {} actions. Every other name is an error, as on the server. For every action it\n\
         makes the checks of the server first: the session, the permissions and the arguments. What follows depends on the\n\
         action. An answer that a test sets replaces the reply in every case.\n\n\
         | | Actions | After the checks |\n|---|---|---|\n",
        services.len(),
        all.len()
    );
    for (coverage, name, meaning) in COLUMNS {
        let count = all.iter().filter(|covered| covered.coverage == coverage).count();
        let _ = writeln!(page, "| {name} | {count} | {meaning} |");
    }
    page += "\n| Service | Modelled | Empty | Unknown id | Needs an answer |\n|---|---|---|---|---|\n";
    for (service, columns) in services.values() {
        let _ = writeln!(page, "| {service} | {} |", columns.each_ref().map(|actions| actions.join(", ")).join(" | "));
    }
    page
}
