//! Finding the app token that an earlier run may have added: adding is not idempotent.

use alloc::format;
use alloc::string::{String, ToString as _};

use crate::api::app_token::AppToken;
use crate::api::list::{Page, Pager};
use crate::error::Error;

/// A mark in a token's description, by which a flow knows its own token again.
#[derive(Clone, Debug)]
pub(super) struct Marker(String);

impl Marker {
    /// The mark of a name.
    pub(super) fn of(name: &str) -> Self {
        Self(format!("[apptoken:{name}]"))
    }

    /// Refuses a name that could be taken for another's.
    pub(super) fn check_name(name: &str) -> Result<(), Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=60).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(())
        } else {
            Err(Error::invalid_input("the name must be 1 to 60 letters, digits, dots, underscores or hyphens"))
        }
    }

    /// A description with the mark at its end.
    pub(super) fn mark(&self, description: &str) -> String {
        format!("{description} {}", self.0).trim_start().to_string()
    }

    fn is_on(&self, token: &AppToken) -> bool {
        token.description.as_deref().is_some_and(|description| description.contains(&self.0))
    }
}

/// A search through a list, page by page.
pub(super) struct Search {
    marker: Marker,
    pager: Pager,
    found: Option<AppToken>,
}

impl Search {
    pub(super) fn new(marker: Marker) -> Self {
        Self { marker, pager: Pager::FIRST, found: None }
    }

    pub(super) fn pager(&self) -> Pager {
        self.pager
    }

    /// Looks through a page, and turns to the next one. Of several marked tokens the newest counts.
    pub(super) fn take(&mut self, page: Page<AppToken>) -> Looked {
        let is_last =
            page.objects.is_empty() || i64::try_from(self.pager.reach()).is_ok_and(|reach| reach >= page.total_count);
        self.found = page.objects.into_iter().rfind(|token| self.marker.is_on(token)).or(self.found.take());
        self.pager = self.pager.next();
        if is_last { Looked::All(self.found.take()) } else { Looked::Partly }
    }
}

/// How far a search has come.
pub(super) enum Looked {
    /// There are more pages.
    Partly,
    /// To the end.
    All(Option<AppToken>),
}
