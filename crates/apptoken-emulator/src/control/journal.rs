//! Reads, filters and clears the journal.

use apptoken_transport_fake::{ActionName, JournalEntry};
use serde_json::{Value, json};

use super::{Content, ControlError, ControlRequest, query};

/// Which journal entries are returned.
#[derive(Default)]
struct Filter {
    action: Option<ActionName>,
    outcome: Option<String>,
    partner: Option<i64>,
    status: Option<u16>,
    after: u64,
    first: Option<usize>,
    limit: Option<usize>,
}

impl Filter {
    fn of(query: &str) -> Result<Self, ControlError> {
        let mut filter = Self::default();
        for (name, value) in
            query::pairs(query, &["action", "outcome", "partner", "status", "after", "first", "limit"])?
        {
            match name.as_str() {
                "action" => filter.action = Some(action(&value)?),
                "outcome" => filter.outcome = Some(value),
                "partner" => filter.partner = Some(query::value(&name, &value, "the number of an account")?),
                "status" => filter.status = Some(query::value(&name, &value, "an HTTP status")?),
                "after" => filter.after = query::value(&name, &value, "the number of a request")?,
                "first" => filter.first = Some(query::value(&name, &value, "a number of requests")?),
                _ => filter.limit = Some(query::value(&name, &value, "a number of requests")?),
            }
        }
        match (filter.first, filter.limit) {
            (Some(_), Some(_)) => Err(ControlError::new(400, "first and limit: expected one of them")),
            _ => Ok(filter),
        }
    }

    fn matches(&self, entry: &JournalEntry) -> bool {
        self.partner.is_none_or(|partner| entry.partner == Some(partner))
            && self.status.is_none_or(|status| entry.status == Some(status))
            && self.matches_call(entry)
    }

    /// Whether the request, or a part of a multirequest, has the action and the outcome.
    fn matches_call(&self, entry: &JournalEntry) -> bool {
        let whole = (&entry.action, &entry.outcome);
        let parts = entry.parts.iter().map(|(action, outcome)| (action, outcome));
        std::iter::once(whole).chain(parts).any(|(action, outcome)| {
            self.action.as_ref().is_none_or(|wanted| wanted.as_str().eq_ignore_ascii_case(action))
                && self.outcome.as_ref().is_none_or(|wanted| wanted == outcome)
        })
    }
}

/// An action that does not exist is an error, because nothing would match it.
fn action(name: &str) -> Result<ActionName, ControlError> {
    name.parse().map_err(|why| ControlError::new(400, format!("action: {why}")))
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => {
            let filter = Filter::of(request.query)?;
            let journal = request.fake.journal_after(filter.after);
            let matching: Vec<&JournalEntry> = journal.entries().filter(|entry| filter.matches(entry)).collect();
            let count = matching.len();
            let skipped = count - filter.limit.map_or(count, |limit| limit.min(count));
            let shown = matching.iter().skip(skipped).take(filter.first.unwrap_or(count));
            let entries: Result<Vec<Value>, _> = shown.map(serde_json::to_value).collect();
            let entries = entries.map_err(|why| ControlError::new(500, why.to_string()))?;
            Ok(Content::Json(json!({
                "time": request.fake.clock().time().0,
                "requests": journal.requests(),
                "count": count,
                "entries": entries,
            })))
        }
        "DELETE" => {
            request.fake.clear_journal();
            Ok(Content::None)
        }
        _ => Err(request.not_allowed("GET, DELETE")),
    }
}
