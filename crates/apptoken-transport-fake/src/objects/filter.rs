//! The conditions of filters. A missing or empty condition matches everything.
//!
//! Each condition is prepared once and then applied to every row, so that a long condition is not parsed for each row.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::model::collation::{self, Pattern};
use crate::objects::Object;
use crate::php::cast::text_to_int;

/// The server ignores further values of a list.
const MAX_IN_VALUES: usize = 500;

/// Further patterns are ignored, because every row is searched for each pattern.
const MAX_PATTERNS: usize = 50;

/// Compares two rows.
pub(crate) type Order<T> = fn(&T, &T) -> Ordering;

pub(crate) fn text_equal(wanted: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let wanted = given(wanted).map(collation::fold);
    move |text| wanted.as_ref().is_none_or(|wanted| *wanted == collation::fold(text))
}

pub(crate) fn text_in(wanted: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let wanted: Option<HashSet<String>> = values(wanted).map(|values| values.map(collation::fold).collect());
    move |text| wanted.as_ref().is_none_or(|wanted| wanted.contains(&collation::fold(text)))
}

pub(crate) fn text_like(wanted: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let wanted = given(wanted).map(Pattern::of);
    move |text| wanted.as_ref().is_none_or(|wanted| wanted.is_in(text))
}

pub(crate) fn int_equal(wanted: Option<i64>) -> impl Fn(i64) -> bool + use<> {
    move |number| wanted.is_none_or(|wanted| wanted == number)
}

pub(crate) fn int_in(wanted: Option<&str>) -> impl Fn(i64) -> bool + use<> {
    let wanted: Option<HashSet<i64>> = values(wanted).map(|values| values.map(text_to_int).collect());
    move |number| wanted.as_ref().is_none_or(|wanted| wanted.contains(&number))
}

/// The conditions `<name>GreaterThanOrEqual` and `<name>LessThanOrEqual`.
pub(crate) fn between(filter: &Object, name: &str) -> impl Fn(i64) -> bool + use<> {
    let from = filter.int(&format!("{name}GreaterThanOrEqual"));
    let to = filter.int(&format!("{name}LessThanOrEqual"));
    move |number| from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to)
}

/// Whether a text contains one of the comma-separated patterns of `or`, and all of `and`.
pub(crate) fn multi_like(or: Option<&str>, and: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let patterns = |wanted: Option<&str>| -> Vec<Pattern> {
        let parts = wanted.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.take(MAX_PATTERNS).map(Pattern::of).collect()
    };
    let (or, and) = (patterns(or), patterns(and));
    move |text| {
        (or.is_empty() || or.iter().any(|pattern| pattern.is_in(text))) && and.iter().all(|pattern| pattern.is_in(text))
    }
}

/// The shortest prefix that the search engine of users finds; it is a setting of its index.
const MIN_PREFIX: usize = 3;

/// A condition of the search engine: whether a text contains the words of another one in a row, in any case.
pub(crate) fn words_like(wanted: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let wanted = wanted.map(words);
    move |text| wanted.as_ref().is_none_or(|wanted| contains(&words(text), wanted))
}

/// Whether a text starts with another one, in any case.
pub(crate) fn starts_with(wanted: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let wanted = wanted.map(collation::fold);
    move |text| wanted.as_ref().is_none_or(|wanted| has_prefix(text, wanted))
}

/// Whether one of several texts contains or starts with one of comma-separated texts.
pub(crate) fn any_starts_with(wanted: Option<&str>) -> impl Fn(&[&str]) -> bool + use<> {
    let wanted: Option<Vec<(String, Vec<String>)>> =
        wanted.map(|wanted| parts(wanted).map(|part| (collation::fold(part), words(part))).collect());
    move |texts| {
        let Some(wanted) = &wanted else { return true };
        texts.iter().any(|text| {
            let text_words = words(text);
            wanted.iter().any(|(prefix, words)| contains(&text_words, words) || has_prefix(text, prefix))
        })
    }
}

/// Whether a text contains the words of one of the comma-separated texts of `or`, and of all of `and`.
pub(crate) fn multi_words(or: Option<&str>, and: Option<&str>) -> impl Fn(&str) -> bool + use<> {
    let patterns =
        |wanted: Option<&str>| -> Vec<Vec<String>> { parts(wanted.unwrap_or_default()).map(words).collect() };
    let (or, and) = (patterns(or), patterns(and));
    move |text| {
        let text = if or.is_empty() && and.is_empty() { Vec::new() } else { words(text) };
        (or.is_empty() || or.iter().any(|wanted| contains(&text, wanted)))
            && and.iter().all(|wanted| contains(&text, wanted))
    }
}

fn parts(wanted: &str) -> impl Iterator<Item = &str> {
    wanted.split(',').map(str::trim).filter(|part| !part.is_empty()).take(MAX_PATTERNS)
}

fn words(text: &str) -> Vec<String> {
    let folded = collation::fold(text);
    folded.split([' ', '\t', '\n', '\r', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn contains(text: &[String], wanted: &[String]) -> bool {
    !wanted.is_empty() && text.windows(wanted.len()).any(|window| window == wanted)
}

fn has_prefix(text: &str, folded: &str) -> bool {
    let text = collation::fold(text);
    text == *folded || folded.len() >= MIN_PREFIX && text.starts_with(folded)
}

/// Sorts by `orderBy`, such as `-createdAt`. Unknown names are ignored, as on the server.
pub(crate) fn sort<T>(items: &mut [&T], filter: &Object, orders: &[(&str, Order<T>)]) {
    // A repeated name has no effect; without duplicates a long list cannot slow down sorting.
    let mut wanted: Vec<(bool, &(&str, Order<T>))> = Vec::new();
    for each in filter.text("orderBy").unwrap_or_default().split(',') {
        let Some(name) = each.strip_prefix(['+', '-']) else { continue };
        let Some(known) = orders.iter().find(|(known, _)| *known == name) else { continue };
        if wanted.iter().all(|(_, (used, _))| *used != name) {
            wanted.push((each.starts_with('-'), known));
        }
    }
    items.sort_by(|one, other| {
        let differences = wanted.iter().map(|(descending, (_, order))| {
            let ordering = order(one, other);
            if *descending { ordering.reverse() } else { ordering }
        });
        differences.fold(Ordering::Equal, Ordering::then)
    });
}

fn given(wanted: Option<&str>) -> Option<&str> {
    wanted.filter(|wanted| !wanted.is_empty())
}

fn values(wanted: Option<&str>) -> Option<impl Iterator<Item = &str>> {
    Some(given(wanted)?.split(',').take(MAX_IN_VALUES))
}
