//! Text comparison of the server's MySQL collation: it ignores case, accents and trailing spaces.
//!
//! Observed on Venus-22.19.0: an app token is found by its id in upper case, or with trailing spaces.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in a form that is equal for texts that the collation treats as equal.
pub(crate) fn fold(text: &str) -> String {
    let text = text.trim_end_matches(' ');
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.nfd().filter(|each| !is_combining_mark(*each)).map(upper).collect()
}

/// A text to search for in other texts.
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn of(part: &str) -> Self {
        // Trailing spaces count in a pattern, but not in a whole text.
        let folded = fold(&format!("{part}."));
        Self(folded.trim_end_matches('.').to_owned())
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}

/// Maps one letter to one letter; the collation treats `ß` as `S`.
fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ if letter == 'ß' => 'S',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_trailing_spaces_are_ignored() {
        for (one, other) in [("0_jfjhs9mh", "0_JFJHS9MH"), ("a", "a  "), ("Jöhn", "JOHN"), ("straße", "STRASE")] {
            assert_eq!(fold(one), fold(other));
        }
    }

    #[test]
    fn other_differences_count() {
        for (one, other) in [("a", " a"), ("a", "b"), ("a", "a\n"), ("a", "aa")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn a_pattern_is_found_in_any_case() {
        assert!(Pattern::of("kmc").is_in("KMC, partner_admin"));
        assert!(!Pattern::of("kmc ").is_in("kmc"));
    }
}
