//! Parameters on the command line: `key=text`, `key:=JSON`, `key=@FILE`, `object:key=text`.

use std::fs;
use std::io::{self, Read as _};

use serde_json::{Map, Value};

use crate::arguments;
use crate::failure::Failure;

/// The parameters of a call.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) values: Map<String, Value>,
    /// The names of those whose value is from a file. It can be a secret.
    pub(super) from_files: Vec<String>,
}

pub(super) fn parse(arguments: &[String]) -> Result<Parameters, Failure> {
    let mut parameters = Parameters::default();
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or_else(|| {
            Failure::usage("a parameter has no =")
                .cure("write key=text, key:=JSON or key=@FILE, such as filter:nameLike=intro")
        })?;
        let (name, is_json) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let from_file = value.strip_prefix('@');
        // Base64 can end with =, so a KS alone reads as a name.
        if name.split(':').any(arguments::is_long_secret) {
            return Err(arguments::secret_alone());
        }
        if arguments::is_secret_parameter(name) && from_file.is_none() {
            return Err(arguments::secret_parameter(name));
        }
        let text = match from_file {
            Some(path) => read(name, path)?,
            None => value.to_owned(),
        };
        let value = if is_json { parse_json(name, &text)? } else { Value::String(text) };
        if let (None, Some(member)) = (from_file, secret_member(&value)) {
            return Err(arguments::secret_parameter(&format!("{name}:{member}")));
        }
        insert(&mut parameters.values, name, value)?;
        if from_file.is_some() {
            parameters.from_files.push(name.to_owned());
        }
    }
    Ok(parameters)
}

/// Reads a file, or standard input for `-`, without the line break at its end.
fn read(name: &str, path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let result = if path == "-" {
        io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(path).map(|read| text = read)
    };
    result.map_err(|error| Failure::usage(format!("{name}: cannot read {path}: {error}")))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

fn parse_json(name: &str, text: &str) -> Result<Value, Failure> {
    // The parser's message can show a part of the value.
    let value = serde_json::from_str(text).map_err(|error| {
        Failure::usage(format!("{name}:= needs JSON, and this is not, at column {}", error.column()))
    })?;
    if contains_null(&value) {
        return Err(Failure::usage(format!(
            "{name}: null is never sent, because Kaltura reads it as 0 or as an empty text"
        ))
        .cure(format!("leave it out, or clear a field of an object with object:{name}__null=")));
    }
    Ok(value)
}

/// The name of a member that is a secret, at any depth.
fn secret_member(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(secret_member),
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if arguments::is_secret_parameter(name) { Some(&**name) } else { secret_member(value) }
        }),
        _ => None,
    }
}

fn contains_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(contains_null),
        Value::Object(members) => members.values().any(contains_null),
        _ => false,
    }
}

/// Inserts a value at a name such as `filter:nameLike`.
fn insert(parameters: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Failure> {
    let (path, last) = name.rsplit_once(':').map_or((None, name), |(path, last)| (Some(path), last));
    let shown = arguments::shown(name);
    let mut object = parameters;
    for part in path.into_iter().flat_map(|path| path.split(':')) {
        let inner = object.entry(part).or_insert_with(|| Value::Object(Map::new()));
        object = inner
            .as_object_mut()
            .ok_or_else(|| Failure::usage(format!("{shown}: a part of it is given as a value and as an object")))?;
    }
    if last.is_empty() {
        return Err(Failure::usage("a parameter has no name").cure("write key=value"));
    }
    match object.insert(last.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!("{shown} is given twice"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(arguments: &[&str]) -> Result<Value, String> {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        parse(&arguments).map(|parameters| parameters.values.into()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn names_with_colons_are_objects_and_json_keeps_its_type() {
        let expected =
            json!({"entryId": "1_x", "filter": {"nameLike": "a=b", "idIn": "1,2", "limit": 5}, "flag": true});
        let given = ["entryId=1_x", "filter:nameLike=a=b", "filter:idIn=1,2", "filter:limit:=5", "flag:=true"];
        assert_eq!(parsed(&given), Ok(expected));
        assert_eq!(parsed(&["text=:=x"]), Ok(json!({"text": ":=x"})));
    }

    #[test]
    fn a_secret_parameter_is_refused_without_its_value() {
        for argument in [
            "ks=djJ8S3CRET",
            "user:password=S3CRET",
            "tokenHash:=\"S3CRET\"",
            "secret=S3CRET",
            "user:={\"id\":\"x\",\"password\":\"S3CRET\"}",
            "items:=[{\"user\":{\"password\":\"S3CRET\"}}]",
            "djJ8S3CRETS3CRETS3CRETS3CRETS3CRETS3CRET=",
        ] {
            let refused = parsed(&[argument]).unwrap_err();
            assert!(refused.contains("must not be an argument") && !refused.contains("S3CRET"), "{refused}");
        }
    }

    #[test]
    fn wrong_parameters_are_refused() {
        for (given, hint) in [
            (vec!["entryId"], "no ="),
            (vec!["=x"], "no name"),
            (vec!["a=1", "a=2"], "twice"),
            (vec!["a=1", "a:b=2"], "as a value and as an object"),
            (vec!["a:={\"b\":null}"], "null is never sent"),
            (vec!["a:={S3CRET"], "needs JSON"),
            (vec!["a=@/no/such/file"], "cannot read"),
        ] {
            let refused = parsed(&given).unwrap_err();
            assert!(refused.contains(hint) && !refused.contains("S3CRET"), "{refused}");
        }
    }
}
