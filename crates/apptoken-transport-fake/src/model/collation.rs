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

/// Whether the database takes the texts for the same.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// Whether the folded text holds the folded part.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    // A part's trailing blanks count here: it is a pattern.
    let part = format!("{part}.");
    let part = fold(&part);
    fold(text).contains(part.trim_end_matches('.'))
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
            assert!(is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn everything_else_counts() {
        for (one, other) in [("a", " a"), ("a", "b"), ("a", "a\n"), ("a", "aa")] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn parts_are_found_whatever_their_case() {
        assert!(contains("KMC, partner_admin", "kmc"));
        assert!(!contains("kmc", "kmc "));
    }
}
