//! A search for a word in a text.

use memchr::memchr_iter;

/// Whether a word stands in a text; cheaper for a short text than a searcher that must be built first.
pub(crate) fn holds(text: &[u8], word: &[u8]) -> bool {
    let starts_at = |at| text.get(at..).is_some_and(|rest| rest.starts_with(word));
    word.first().is_some_and(|first| memchr_iter(*first, text).any(starts_at))
}
