//! `strip_tags`, which the server applies to the arguments of errors. It follows the state machine of PHP 8.2,
//! including its quirks.

/// What a character is part of.
#[derive(Clone, Copy, PartialEq)]
enum MarkupContext {
    Text,
    Tag,
    /// After `<?`.
    Code,
    /// After `<!`.
    Declaration,
    /// After `<!--`.
    Comment,
}

/// The character before the text; it does not occur in a text.
const START: char = '\u{10ffff}';

/// Removes tags, comments, code and NUL characters. An unclosed tag extends to the end.
pub(crate) fn strip_tags(text: &str) -> String {
    if !text.contains(['<', '\0']) {
        return text.to_owned();
    }
    let mut stripper = Stripper::default();
    let mut rest = text.chars();
    while let Some(each) = rest.next() {
        stripper.take(each, rest.as_str().starts_with(|next: char| next.is_ascii_whitespace() || next == '\x0b'));
    }
    stripper.kept
}

struct Stripper {
    kept: String,
    context: MarkupContext,
    /// The number of nested `<` that are still open.
    depth: usize,
    quote: Option<char>,
    /// The open brackets in code, and its last quote or bracket.
    brackets: i64,
    last_mark: Option<char>,
    is_xml: bool,
    /// The previous characters, the latest first.
    before: [char; 6],
}

impl Default for Stripper {
    fn default() -> Self {
        Self {
            kept: String::new(),
            context: MarkupContext::Text,
            depth: 0,
            quote: None,
            brackets: 0,
            last_mark: None,
            is_xml: false,
            before: [START; 6],
        }
    }
}

impl Stripper {
    fn take(&mut self, each: char, is_before_whitespace: bool) {
        match self.context {
            MarkupContext::Text => self.text(each, is_before_whitespace),
            MarkupContext::Tag => self.tag(each, is_before_whitespace),
            MarkupContext::Code => self.code(each),
            MarkupContext::Declaration => self.declaration(each),
            MarkupContext::Comment => {
                if each == '>' && self.quote.is_none() && self.follows("--") {
                    self.close();
                }
            }
        }
        self.before.rotate_right(1);
        if let Some(last) = self.before.first_mut() {
            *last = each;
        }
    }

    fn text(&mut self, each: char, is_before_whitespace: bool) {
        match each {
            '\0' => {}
            '<' if !is_before_whitespace => self.context = MarkupContext::Tag,
            '>' if self.depth > 0 => self.depth -= 1,
            each => self.kept.push(each),
        }
    }

    fn tag(&mut self, each: char, is_before_whitespace: bool) {
        match each {
            '<' if self.quote.is_none() && !is_before_whitespace => self.depth += 1,
            '>' if self.ends() && !(self.is_xml && self.follows("-")) => self.close(),
            '"' | '\'' => self.toggle(each),
            '!' if self.follows("<") => self.context = MarkupContext::Declaration,
            '?' if self.follows("<") => {
                self.brackets = 0;
                self.context = MarkupContext::Code;
            }
            _ => {}
        }
    }

    fn code(&mut self, each: char) {
        let is_quoted = matches!(self.last_mark, Some('"' | '\''));
        match each {
            '(' | ')' if !is_quoted => {
                self.last_mark = Some(each);
                self.brackets += if each == '(' { 1 } else { -1 };
            }
            '>' if self.ends() && self.brackets == 0 && self.last_mark != Some('"') && self.follows("?") => {
                self.close();
            }
            '"' | '\'' if !self.follows("\\") => {
                self.last_mark = if self.last_mark == Some(each) { None } else { Some(each) };
                self.toggle(each);
            }
            // PHP does not recognize it at the very beginning of the text.
            'l' | 'L' if self.follows("<?xm") && self.before.get(4).is_some_and(|before| *before != START) => {
                self.is_xml = true;
                self.context = MarkupContext::Tag;
            }
            _ => {}
        }
    }

    fn declaration(&mut self, each: char) {
        match each {
            '>' if self.ends() => self.close(),
            '"' | '\'' if !self.follows("\\") => self.toggle(each),
            '-' if self.follows("!-") => self.context = MarkupContext::Comment,
            'e' | 'E' if self.follows("doctyp") => self.context = MarkupContext::Tag,
            _ => {}
        }
    }

    /// Whether a `>` ends the context: not in quotes, and not if it closes a nested `<`.
    fn ends(&mut self) -> bool {
        if self.depth > 0 {
            self.depth -= 1;
            return false;
        }
        self.quote.is_none()
    }

    fn close(&mut self) {
        self.context = MarkupContext::Text;
        self.quote = None;
        self.is_xml = false;
    }

    fn toggle(&mut self, quote: char) {
        match self.quote {
            None => self.quote = Some(quote),
            Some(open) if open == quote => self.quote = None,
            Some(_) => {}
        }
    }

    fn follows(&self, text: &str) -> bool {
        text.chars().rev().zip(self.before).all(|(wanted, before)| wanted.eq_ignore_ascii_case(&before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are the results of PHP 8.2.
    #[test]
    fn markup_is_removed_as_by_php() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a<b>c</b>d < e > fg", "acd < e > fg"),
            ("f<!-- x -->g<?php x ?>h<i", "fgh"),
            ("<a href=\">\">x</a>", "x"),
            ("1<2", "1"),
            ("a < b", "a < b"),
            ("<<b>>x", "x"),
            ("a\0b<c\0>", "ab"),
            ("--</<!--> <b>", "-- "),
            ("b<!<b>é>", "bé>"),
            ("<?a(>b)?>c", "c"),
            ("<?xml x?>y>z", "y>z"),
            ("a<?xml x->?>b", "ab"),
        ] {
            assert_eq!(strip_tags(text), expected, "{text}");
        }
    }
}
