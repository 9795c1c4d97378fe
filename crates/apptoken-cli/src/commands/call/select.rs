//! Fields of a result, by paths such as `objects.id`.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::console::Console;
use crate::failure::Failure;
use crate::show::json;

/// The fields to print. All items of a list are meant, or with a number one of them.
///
/// One path prints the values, one on a line. Several paths print an object for each item of the list that they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// The path to the rows, which all fields share.
    rows: Vec<String>,
    /// The paths of the fields in a row.
    fields: Vec<Vec<String>>,
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut fields: Vec<Vec<String>> =
            text.split(',').map(|path| path.split('.').map(str::to_owned).collect()).collect();
        if fields.iter().flatten().any(String::is_empty) {
            return Err("use paths such as objects.id,objects.name".to_owned());
        }
        let mut rows = Vec::new();
        // A field keeps at least its own name.
        while let Some([first, _, ..]) = fields.first().map(Vec::as_slice) {
            let first = first.clone();
            if !fields.iter().all(|field| field.len() > 1 && field.first() == Some(&first)) {
                break;
            }
            fields.iter_mut().for_each(|field| drop(field.remove(0)));
            rows.push(first);
        }
        Ok(Self { rows, fields })
    }
}

impl Selection {
    /// The selected values: of one field the values, of several an object for each row.
    pub(super) fn of(&self, result: &Value) -> Vec<Value> {
        let mut rows = Vec::new();
        collect(result, &self.rows, &mut rows);
        // A path to a list means its items.
        let rows = rows.into_iter().flat_map(|row| row.as_array().map_or(std::slice::from_ref(row), Vec::as_slice));
        if let [field] = &*self.fields {
            return rows.flat_map(|row| values(row, field)).cloned().collect();
        }
        let object = |row| {
            let member = |field: &Vec<String>| {
                let values = values(row, field);
                let value = match &*values {
                    [] => Value::Null,
                    [one] => (*one).clone(),
                    several => several.iter().map(|&value| value.clone()).collect(),
                };
                (field.join("."), value)
            };
            Value::Object(self.fields.iter().map(member).collect::<Map<_, _>>())
        };
        rows.map(object).collect()
    }

    /// Writes the selected values, one on a line; texts without quotes.
    pub(super) fn write(&self, result: &Value, console: &Console) -> Result<(), Failure> {
        for value in self.of(result) {
            match value {
                Value::String(text) => console.server_text(&text)?,
                value => json::write_line(console, &value)?,
            }
        }
        Ok(())
    }
}

fn values<'a>(row: &'a Value, path: &[String]) -> Vec<&'a Value> {
    let mut values = Vec::new();
    collect(row, path, &mut values);
    values
}

fn collect<'a>(value: &'a Value, path: &[String], found: &mut Vec<&'a Value>) {
    let Some((name, rest)) = path.split_first() else {
        found.push(value);
        return;
    };
    match value {
        Value::Object(members) => {
            if let Some(member) = members.get(name) {
                collect(member, rest, found);
            }
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(position) => items.get(position).into_iter().for_each(|item| collect(item, rest, found)),
            Err(_) => items.iter().for_each(|item| collect(item, path, found)),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_select_fields_of_all_items() {
        let result = json!({"totalCount": 2, "objects": [
            {"id": "1_x", "name": "One", "owner": {"id": "a"}, "tags": ["p", "q"]},
            {"id": "1_y", "name": "Two"},
        ]});
        for (paths, expected) in [
            ("totalCount", json!([2])),
            ("objects.id", json!(["1_x", "1_y"])),
            ("objects.0.id", json!(["1_x"])),
            ("objects.owner.id", json!(["a"])),
            ("objects.tags", json!([["p", "q"]])),
            ("objects.id,objects.name", json!([{"id": "1_x", "name": "One"}, {"id": "1_y", "name": "Two"}])),
            ("objects.id,objects.owner.id", json!([{"id": "1_x", "owner.id": "a"}, {"id": "1_y", "owner.id": null}])),
            ("nothing.here", json!([])),
        ] {
            assert_eq!(Value::from(Selection::from_str(paths).unwrap().of(&result)), expected, "{paths}");
        }
    }

    #[test]
    fn a_path_with_an_empty_part_is_refused() {
        for paths in ["", "a..b", "a,", ".a"] {
            assert!(Selection::from_str(paths).is_err(), "{paths}");
        }
    }
}
