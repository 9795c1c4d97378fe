//! How the server's database compares texts: case, accents and trailing blanks do not count.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A form of a text that is equal for texts that are equal to the database.
pub(crate) fn fold(text: &str) -> String {
    let text = text.trim_end_matches(' ');
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.nfd().filter(|each| !is_combining_mark(*each)).map(upper).collect()
}

/// A text to be found inside others.
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn of(part: &str) -> Self {
        // Trailing blanks count in a pattern, and do not in a whole text.
        let folded = fold(&format!("{part}."));
        Self(folded.trim_end_matches('.').to_owned())
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}

/// One letter for one: `ß` is an `S`.
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
    fn case_accents_and_trailing_blanks_do_not_count() {
        for (one, other) in [("0_jfjhs9mh", "0_JFJHS9MH"), ("a", "a  "), ("Jöhn", "JOHN"), ("straße", "STRASE")] {
            assert_eq!(fold(one), fold(other));
        }
    }

    #[test]
    fn everything_else_counts() {
        for (one, other) in [("a", " a"), ("a", "b"), ("a", "a\n"), ("a", "aa")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn parts_are_found_whatever_their_case() {
        assert!(Pattern::of("kmc").is_in("KMC, partner_admin"));
        assert!(!Pattern::of("kmc ").is_in("kmc"));
    }
}
