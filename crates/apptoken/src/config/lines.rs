//! A credentials file: a line `NAME=value` for each setting, as shells and service managers read it.

use apptoken_core::Error;

/// The value of a setting in the text of a credentials file, without the quotes around it.
pub(crate) fn value_in<'a>(text: &'a str, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = text.lines().filter_map(|line| assigned(line, name));
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => Err(Error::invalid_input(format!("{name} is set on two lines: remove one of them"))),
        (Some(value), None) => without_quotes(value, name).map(Some),
        (None, _) => Ok(None),
    }
}

/// Whether a line sets a setting.
pub(super) fn is_assignment(line: &str, name: &str) -> bool {
    assigned(line, name).is_some()
}

fn assigned<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim();
    let assignment = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(line);
    let (given, value) = assignment.split_once('=')?;
    (given.trim() == name).then(|| value.trim())
}

fn without_quotes<'a>(value: &'a str, name: &str) -> Result<&'a str, Error> {
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        return if value.contains(" #") {
            Err(Error::invalid_input(format!("{name} has a comment after its value: put it on a line of its own")))
        } else {
            Ok(value)
        };
    };
    let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner.filter(|inner| !inner.contains(quote)).ok_or_else(|| {
        Error::invalid_input(format!(
            "{name} starts with a quote that does not end the line: put one quote before the value and one after it, or none"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_value_per_line() {
        let text = "# the importer\nA=1\n\n B = two words \nC=x=y\n#D=4\nexport E=5\r\nexport\tF='6'\nG=\"7 #7\"\nexportH=8\nI=''\n";
        for (name, value) in [
            ("A", Some("1")),
            ("B", Some("two words")),
            ("C", Some("x=y")),
            ("D", None),
            ("", None),
            ("E", Some("5")),
            ("F", Some("6")),
            ("G", Some("7 #7")),
            ("H", None),
            ("exportH", Some("8")),
            ("I", Some("")),
        ] {
            assert_eq!(value_in(text, name).unwrap(), value, "{name}");
        }
    }

    #[test]
    fn an_ambiguous_line_is_refused_without_its_value() {
        for (text, advice) in [
            ("A=\"S3CRET", "one quote before the value and one after it"),
            ("A='S3CRET' # old", "one quote before the value and one after it"),
            ("A=\"S3\"CRET\"", "one quote before the value and one after it"),
            ("A=\"", "one quote before the value and one after it"),
            ("A=S3CRET # old", "put it on a line of its own"),
            ("A=S3CRET\nexport A=S3CRET", "set on two lines: remove one of them"),
        ] {
            let error = format!("{:#}", value_in(text, "A").unwrap_err());
            assert!(error.starts_with("A ") && error.contains(advice) && !error.contains("S3"), "{text}: {error}");
        }
    }
}
