//! The parts of a multirequest: their order, inherited parameters and references to earlier results.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::output::Output;
use crate::php::cast::{is_numeric, text_to_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Key, Value};

/// The parameters that a part inherits from the whole request.
const INHERITED: [&str; 3] = ["clientTag", "ks", "partnerId"];

/// The maximum number of bytes that inheritance and references may add to all parts. Beyond it the fake replies as PHP
/// does when it runs out of memory: a few kilobytes of request could otherwise grow to gigabytes.
const MAX_ADDED: usize = 64 << 20;

/// The parts that are still to run.
pub(crate) struct Multirequest {
    common: Array,
    requests: BTreeMap<i64, Value>,
    /// References by the number of the result that they refer to.
    references: BTreeMap<i64, Vec<Reference>>,
    /// How many bytes may still be added.
    remaining_bytes: usize,
    next: i64,
    last: i64,
    done: i64,
}

/// A text such as `{1:result:ks}` and its position in a part.
struct Reference {
    number: i64,
    /// Positions in nested arrays. Keys would be copied for each reference, and they can be long.
    path: Vec<usize>,
    text: String,
}

/// The maximum total length of all paths. Further references are not replaced.
const MAX_STEPS: usize = 1_000_000;

impl Multirequest {
    pub(crate) fn of(params: &Array) -> Self {
        let (mut common, mut requests) = (Array::new(), BTreeMap::new());
        for (key, value) in params {
            let name = key.to_text();
            if is_numeric(&name) {
                requests.insert(text_to_int(&name), value.clone());
                continue;
            }
            match name.split_once(':').filter(|(number, _)| is_numeric(number)) {
                Some((number, rest)) => {
                    let request = requests.entry(text_to_int(number)).or_insert_with(|| Value::Array(Array::new()));
                    if let Value::Array(request) = request {
                        request.insert(Key::from(rest), value.clone());
                    }
                }
                None => {
                    common.insert(key.clone(), value.clone());
                }
            }
        }
        let mut references = References::default();
        for (number, request) in &requests {
            references.collect(*number, request, &mut Vec::new());
        }
        let references = references.by_referred;
        let next = requests.keys().next().map_or(1, |first| *first.min(&1));
        let last = requests.keys().next_back().map_or(1, |last| *last.max(&1));
        Self { common, requests, references, remaining_bytes: MAX_ADDED, next, last, done: 0 }
    }

    /// The parameters of the next part. A gap in the numbers, or a part without service or action, ends the
    /// multirequest silently, as on the server.
    pub(crate) fn next_request(&mut self) -> Result<Option<Array>, Failure> {
        let Some(Value::Array(request)) = self.requests.get(&self.next).filter(|_| self.next <= self.last) else {
            return Ok(None);
        };
        if set(request, "service").and(set(request, "action")).is_none() {
            return Ok(None);
        }
        let mut request = request.clone();
        for name in INHERITED {
            if let Some(value) = set(&self.common, name).filter(|_| set(&request, name).is_none()) {
                self.remaining_bytes = self.remaining_bytes.checked_sub(value.size()).ok_or(Failure::Crash)?;
                request.insert(Key::from(name), value.clone());
            }
        }
        request.insert(Key::from("multirequest"), Value::Bool(true));
        request.shift_remove(&Key::from("format"));
        Ok(Some(request))
    }

    /// Replaces references in later parts by a result. Results are counted from 1 even if the parts are numbered from
    /// 0.
    pub(crate) fn finished(&mut self, result: &Output) -> Result<(), Failure> {
        self.done += 1;
        let count = i64::try_from(self.requests.len()).unwrap_or(i64::MAX);
        let later = self.next + 1..=count.min(self.last);
        for reference in self.references.remove(&self.done).unwrap_or_default() {
            let Some(request) = self.requests.get_mut(&reference.number).filter(|_| later.contains(&reference.number))
            else {
                continue;
            };
            let Some((_, path)) = parsed(&reference.text) else { continue };
            let value = value_of(result, path)?;
            if let Some(target) = at(request, &reference.path) {
                let text = to_text(target);
                let grown = text.matches(&reference.text).count().saturating_mul(value.len());
                self.remaining_bytes = self.remaining_bytes.checked_sub(grown).ok_or(Failure::Crash)?;
                *target = Value::text(text.replace(&reference.text, &value));
            }
        }
        self.next += 1;
        Ok(())
    }
}

#[derive(Default)]
struct References {
    by_referred: BTreeMap<i64, Vec<Reference>>,
    steps: usize,
}

impl References {
    fn collect(&mut self, number: i64, value: &Value, path: &mut Vec<usize>) {
        match value {
            Value::Array(array) => {
                for (position, value) in array.values().enumerate() {
                    path.push(position);
                    self.collect(number, value, path);
                    path.pop();
                }
            }
            Value::Text(text) if self.steps <= MAX_STEPS => {
                if let Some((text, referred)) = reference_in(text) {
                    self.steps += path.len();
                    self.by_referred.entry(referred).or_default().push(Reference { number, path: path.clone(), text });
                }
            }
            _ => {}
        }
    }
}

/// The reference in a text, and its number. It extends from `{N:result` to the last `}` of the line, because the
/// pattern of the server is greedy.
fn reference_in(text: &str) -> Option<(String, i64)> {
    text.lines().find_map(|line| {
        let line = line.get(..=line.rfind('}')?)?;
        let mut candidates = line.match_indices('{').filter_map(|(start, _)| line.get(start..));
        candidates.find_map(|candidate| parsed(candidate).map(|(number, _)| (candidate.to_owned(), number)))
    })
}

/// Parses `{N:result:path}` into its number and path.
fn parsed(reference: &str) -> Option<(i64, &str)> {
    let inside = reference.strip_prefix('{')?.strip_suffix('}')?;
    let number = inside.get(..inside.find(|each: char| !each.is_ascii_digit())?).filter(|number| !number.is_empty())?;
    let rest = inside.strip_prefix(number)?.strip_prefix(":result")?;
    Some((text_to_int(number), rest.strip_prefix(':').unwrap_or(rest)))
}

/// The value at a path of a result, as text; empty if there is none.
fn value_of(result: &Output, path: &str) -> Result<String, Failure> {
    let (step, further) = path.split_once(':').unwrap_or((path, ""));
    if step.is_empty() {
        return Ok(match result {
            Output::Bool(true) => "1".to_owned(),
            Output::Int(number) => number.to_string(),
            Output::Float(number) => to_text(&Value::Float(*number)).into_owned(),
            Output::Text(text) => text.clone(),
            Output::Shared(output) => return value_of(output, path),
            Output::Null
            | Output::File(_)
            | Output::Bool(false)
            | Output::Object(_)
            | Output::List(_)
            | Output::Map(_)
            | Output::Error(_) => String::new(),
        });
    }
    match result {
        Output::Object(record) => match record.get(step) {
            Some(value) => value_of(value, further),
            None => Ok(String::new()),
        },
        Output::Map(items) => match items.iter().find(|(name, _)| name == step) {
            Some((_, value)) => value_of(value, further),
            None => Ok(String::new()),
        },
        Output::Shared(output) => value_of(output, path),
        Output::File(_) => Ok(String::new()),
        Output::List(items) if step == "_all" => {
            let name = further.split(':').next().unwrap_or_default();
            let shown = items.iter().filter_map(|item| match item {
                Output::Object(record) => record.get(name).filter(|value| !matches!(value, Output::Null)),
                _ => None,
            });
            shown.map(|value| Ok(value_of(value, "")? + ",")).collect()
        }
        Output::List(items) => match step.parse::<usize>().ok().and_then(|at| items.get(at)) {
            Some(item) => value_of(item, further),
            None => Ok(String::new()),
        },
        // These are protected properties of the PHP exception, so the server fails when it reads them.
        Output::Error(_) if matches!(step, "code" | "message" | "args" | "file" | "line" | "codeStr") => {
            Err(Failure::Crash)
        }
        Output::Null | Output::Bool(_) | Output::Int(_) | Output::Float(_) => Err(Failure::Crash),
        Output::Error(_) | Output::Text(_) => Ok(String::new()),
    }
}

fn at<'a>(value: &'a mut Value, path: &[usize]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, position| match value {
        Value::Array(array) => array.get_index_mut(*position).map(|(_, value)| value),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Record;

    #[test]
    fn a_reference_ends_at_the_last_brace_of_the_line() {
        assert_eq!(reference_in("_{1:result:id}"), Some(("{1:result:id}".into(), 1)));
        assert_eq!(reference_in("{1:result:a}-{2:result:b}"), Some(("{1:result:a}-{2:result:b}".into(), 1)));
        assert_eq!(reference_in("{x\n{3:result}"), Some(("{3:result}".into(), 3)));
        assert_eq!(reference_in("{x:result}"), None);
        assert_eq!(reference_in("}{1:result:id"), None);
        assert_eq!(parsed("{12:result}"), Some((12, "")));
        assert_eq!(parsed("{1:result:a:0:b}"), Some((1, "a:0:b")));
    }

    #[test]
    fn a_path_selects_a_value_of_a_result() {
        let item = |id: i64| Output::from(Record::new("X", [("id", id.into()), ("none", Output::Null)]));
        let result = Output::from(Record::new("List", [("objects", Output::List(vec![item(7), item(8)]))]));
        let value = |path| value_of(&result, path).ok();
        assert_eq!(value("objects:1:id").as_deref(), Some("8"));
        assert_eq!(value("objects:_all:id").as_deref(), Some("7,8,"));
        assert_eq!(value("objects:_all:none").as_deref(), Some(""));
        assert_eq!(value("objects:9:id").as_deref(), Some(""));
        assert_eq!(value("nope").as_deref(), Some(""));
        assert_eq!(value("").as_deref(), Some(""));
        assert_eq!(value_of(&Output::from("x"), "").ok().as_deref(), Some("x"));
        assert!(value_of(&Output::from(1), "x").is_err());
    }

    #[test]
    fn parts_are_numbered_from_0_or_1() {
        let count = |text: &str| {
            let mut requests = Multirequest::of(&crate::php::form::parse(text.as_bytes()));
            let mut count = 0;
            while requests.next_request().is_ok_and(|next| next.is_some()) {
                count += 1;
                assert!(requests.finished(&Output::Null).is_ok());
            }
            count
        };
        assert_eq!(count("0:service=a&0:action=b&1:service=a&1:action=b"), 2);
        assert_eq!(count("1:service=a&1:action=b&3:service=a&3:action=b"), 1);
        assert_eq!(count("2:service=a&2:action=b"), 0);
        assert_eq!(count("1:service=a"), 0);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn a_multirequest_fails_if_its_parts_inherit_too_much() {
        let ks = "k".repeat(1 << 20);
        let parts: String = (1..=100).map(|number| format!("&{number}:service=a&{number}:action=b")).collect();
        let mut requests = Multirequest::of(&crate::php::form::parse(format!("ks={ks}{parts}").as_bytes()));
        let mut count = 0;
        while let Ok(Some(_)) = requests.next_request() {
            count += 1;
            assert!(requests.finished(&Output::Null).is_ok());
        }
        assert_eq!(count, MAX_ADDED / ks.len() - 1);
        assert!(requests.next_request().is_err());
    }
}
