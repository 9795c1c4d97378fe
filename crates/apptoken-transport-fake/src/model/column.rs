//! Column limits of the database. MariaDB in non-strict mode, as on the recorded server, truncates values silently.

/// A `varchar(length)`.
pub(crate) fn varchar(text: &mut String, length: usize) {
    if let Some((end, _)) = text.char_indices().nth(length) {
        text.truncate(end);
    }
}

/// A `text`: 65,535 bytes.
pub(crate) fn text(text: &mut String) {
    cut_bytes(text, 65_535);
}

/// An `int`: 32 bits.
pub(crate) fn int(number: &mut i64) {
    *number = (*number).clamp(i32::MIN.into(), i32::MAX.into());
}

/// Truncates to a number of bytes, but never inside a character.
pub(crate) fn cut_bytes(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_to_their_column() {
        let mut name = "é".repeat(101);
        varchar(&mut name, 100);
        assert_eq!(name.chars().count(), 100);
        let mut bytes = "aé".to_owned();
        cut_bytes(&mut bytes, 2);
        assert_eq!(bytes, "a");
        let mut number = 9_999_999_999;
        int(&mut number);
        assert_eq!(number, 2_147_483_647);
    }
}
