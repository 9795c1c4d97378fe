//! Searching for a word in a text.

use memchr::memchr_iter;

/// Whether a text contains a word. For a short text this is cheaper than building a searcher first.
pub(crate) fn contains(text: &[u8], word: &[u8]) -> bool {
    let starts_at = |at| text.get(at..).is_some_and(|rest| rest.starts_with(word));
    word.first().is_some_and(|first| memchr_iter(*first, text).any(starts_at))
}
