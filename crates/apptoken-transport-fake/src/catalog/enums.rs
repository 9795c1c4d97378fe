//! The enums of parameters. They are read once and never freed.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::words;
use crate::catalog::rows;
use crate::content::LANGUAGES;
use crate::objects::{Enum, TextEnum};

static ENUMS: LazyLock<Enums> = LazyLock::new(Enums::read);

/// The enum of numbers with this name.
pub(crate) fn numbers(name: &str) -> Option<&'static Enum> {
    ENUMS.numbers.get(name)
}

/// The enum of strings with this name.
pub(crate) fn texts(name: &str) -> Option<&'static TextEnum> {
    ENUMS.texts.get(name)
}

#[derive(Default)]
struct Enums {
    numbers: HashMap<&'static str, Enum>,
    texts: HashMap<&'static str, TextEnum>,
}

impl Enums {
    fn read() -> Self {
        let mut enums = Self::default();
        let language = "KalturaLanguage";
        enums.texts.insert(language, TextEnum { name: language, values: &LANGUAGES });
        for mut columns in rows(include_str!("../../data/enums.tsv")) {
            let (Some(name), Some(kind), Some(values)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            if kind == "e" {
                let values: Vec<i64> = words(values, ',').filter_map(|value| value.parse().ok()).collect();
                enums.numbers.insert(name, Enum { name, values: values.leak() });
            } else {
                let values: Vec<&str> = words(values, ',').collect();
                enums.texts.insert(name, TextEnum { name, values: values.leak() });
            }
        }
        enums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_enums_is_read() {
        assert_eq!((ENUMS.numbers.len(), ENUMS.texts.len()), (25, 22));
        assert_eq!(numbers("KalturaSessionType").map(|of| of.values), Some(&[0, 2][..]));
    }
}
