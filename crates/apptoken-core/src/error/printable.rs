//! Text from outside, made fit to be shown.

use core::fmt::{self, Write};

/// Shows text from outside, such as a server's message or a user id, with nothing that acts on a terminal or deceives a
/// reader.
///
/// Control characters, line breaks, and characters that are invisible or change the direction of writing (Unicode's
/// categories Cc, Cf, Zl and Zp, and all of its tag characters) appear as `\u{202e}`; everything else stays as it is. The
/// texts of errors, events and findings of this library are already shown so; use it for what your program prints itself.
///
/// # Examples
///
/// ```
/// use apptoken_core::value::Printable;
///
/// assert_eq!(Printable("al\u{202e}ice\n").to_string(), r"al\u{202e}ice\u{a}");
/// ```
#[derive(Clone, Copy)]
pub struct Printable<T>(pub T);

impl<T: fmt::Display> fmt::Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// The `Debug` of what is inside, on one line.
impl<T: fmt::Debug> fmt::Debug for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{:?}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_unprintable) {
            match part.chars().next_back().filter(|last| is_unprintable(*last)) {
                Some(last) => {
                    self.0.write_str(part.get(..part.len() - last.len_utf8()).unwrap_or_default())?;
                    write!(self.0, "{}", last.escape_unicode())?;
                }
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// The categories Cc, Cf, Zl and Zp of Unicode 17, and the whole block of tags and invisible selectors.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in ["", "O'Neill \"x\" \\", "Zoë Müller", "山田　太郎", "e\u{301}", "अनुज", "👩\u{fe0f}", "שלום"]
        {
            assert_eq!(Printable(text).to_string(), text);
        }
    }

    #[test]
    fn hidden_characters_are_named_where_they_stand() {
        let text = "a\u{1b}[31m\u{202e}b\u{200b}\u{e0041}\r\nc\u{2028}";
        let shown = r"a\u{1b}[31m\u{202e}b\u{200b}\u{e0041}\u{d}\u{a}c\u{2028}";
        assert_eq!(Printable(text).to_string(), shown);
        assert_eq!(format!("{:.1}|{}", Printable("\n"), Printable(shown)), format!(r"\u{{a}}|{shown}"));
    }

    struct Raw(String);

    impl fmt::Debug for Raw {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    proptest! {
        /// The classes are those of the regular expressions' own tables.
        #[test]
        fn no_hidden_character_of_any_text_is_shown(
            parts in prop::collection::vec(("\\PC{0,4}", "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\u{e0000}-\u{e007f}]{1,3}"), 1..6),
        ) {
            let text: String = parts.iter().flat_map(|(plain, hidden)| [plain.as_str(), hidden]).collect();
            for shown in [Printable(&text).to_string(), format!("{:?} {text:?}", Printable(Raw(text.clone())))] {
                prop_assert!(!shown.chars().any(is_unprintable), "{shown:?}");
                for hidden in parts.iter().flat_map(|(_, hidden)| hidden.chars()) {
                    prop_assert!(!shown.contains(hidden), "{:x} in {shown:?}", u32::from(hidden));
                }
            }
        }
    }
}
