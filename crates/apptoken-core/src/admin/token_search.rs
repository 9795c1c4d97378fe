//! Finding the app token that an earlier run may have added.
//!
//! `appToken.add` is not idempotent: each call creates a token (`api_v3/services/AppTokenService.php`). The caller cannot
//! choose the id, so the description is the only field that can identify the token of a flow.

use alloc::format;
use alloc::string::{String, ToString as _};

use crate::api::app_token::AppToken;
use crate::api::list::{Page, Pager};
use crate::error::Error;

/// Text in a token's description by which a flow recognises the token that it added.
#[derive(Clone, Debug)]
pub(super) struct Marker(String);

impl Marker {
    /// The marker for a name. The brackets prevent a match inside the marker of a longer name.
    pub(super) fn of(name: &str) -> Self {
        Self(format!("[apptoken:{name}]"))
    }

    /// Refuses a name that could make one marker look like another.
    pub(super) fn check_name(name: &str) -> Result<(), Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=60).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(())
        } else {
            Err(Error::invalid_input("the name must be 1 to 60 letters, digits, dots, underscores or hyphens"))
        }
    }

    /// The description with the marker at its end.
    pub(super) fn append_to(&self, description: &str) -> String {
        format!("{description} {}", self.0).trim_start().to_string()
    }

    fn is_on(&self, token: &AppToken) -> bool {
        token.description.as_deref().is_some_and(|description| description.contains(&self.0))
    }
}

/// A search through the pages of `appToken.list` for the token with a marker.
pub(super) struct TokenSearch {
    marker: Marker,
    pager: Pager,
    found: Option<AppToken>,
}

impl TokenSearch {
    pub(super) fn new(marker: Marker) -> Self {
        Self { marker, pager: Pager::FIRST, found: None }
    }

    pub(super) fn pager(&self) -> Pager {
        self.pager
    }

    /// Searches a page and advances to the next one. If several tokens have the marker, the newest is the result.
    pub(super) fn add_page(&mut self, page: Page<AppToken>) -> SearchOutcome {
        let is_last = page.objects.is_empty()
            || i64::try_from(self.pager.max_objects_so_far()).is_ok_and(|seen| seen >= page.total_count);
        // Pages are ordered by creation time, so the last match is the newest.
        self.found = page.objects.into_iter().rfind(|token| self.marker.is_on(token)).or(self.found.take());
        self.pager = self.pager.next();
        if is_last { SearchOutcome::Complete(self.found.take()) } else { SearchOutcome::MorePages }
    }
}

/// The result of searching one page.
pub(super) enum SearchOutcome {
    /// There are more pages to search.
    MorePages,
    /// The search is complete, with the token if one was found.
    Complete(Option<AppToken>),
}
