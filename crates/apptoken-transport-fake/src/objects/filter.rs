//! The conditions of filters. A condition that is not given, or empty, is none.

use std::cmp::Ordering;

use crate::model::collation;
use crate::objects::Object;
use crate::php::cast::text_to_int;

/// Values of a list beyond this number do not count.
const MAX_IN_VALUES: usize = 500;

/// How two rows are ordered.
pub(crate) type Order<T> = fn(&T, &T) -> Ordering;

pub(crate) fn text_equal(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.is_empty() || collation::is_same(wanted, text))
}

pub(crate) fn text_in(wanted: Option<&str>, text: &str) -> bool {
    values(wanted).is_none_or(|mut values| values.any(|value| collation::is_same(value, text)))
}

pub(crate) fn text_like(wanted: Option<&str>, text: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.is_empty() || collation::contains(text, wanted))
}

pub(crate) fn int_equal(wanted: Option<i64>, number: i64) -> bool {
    wanted.is_none_or(|wanted| wanted == number)
}

pub(crate) fn int_in(wanted: Option<&str>, number: i64) -> bool {
    values(wanted).is_none_or(|mut values| values.any(|value| text_to_int(value) == number))
}

/// The conditions `<name>GreaterThanOrEqual` and `<name>LessThanOrEqual`.
pub(crate) fn between(filter: &Object, name: &str, number: i64) -> bool {
    let from = filter.int(&format!("{name}GreaterThanOrEqual"));
    let to = filter.int(&format!("{name}LessThanOrEqual"));
    from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to)
}

/// Whether a text holds one of the comma-separated parts, or all of them.
pub(crate) fn multi_like(or: Option<&str>, and: Option<&str>, text: &str) -> bool {
    let holds = |part: &&str| collation::contains(text, part);
    let parts = |wanted: Option<&'_ str>| -> Vec<String> {
        wanted
            .unwrap_or_default()
            .split(',')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    };
    let (or, and) = (parts(or), parts(and));
    (or.is_empty() || or.iter().map(String::as_str).any(|part| holds(&part)))
        && and.iter().map(String::as_str).all(|part| holds(&part))
}

/// Sorts by `orderBy`, such as `-createdAt`; names that are not known are passed over.
pub(crate) fn sort<T>(items: &mut [&T], filter: &Object, orders: &[(&str, Order<T>)]) {
    let wanted: Vec<(bool, Order<T>)> = filter
        .text("orderBy")
        .unwrap_or_default()
        .split(',')
        .filter_map(|each| {
            let descending = each.starts_with('-');
            let name = each.strip_prefix(['+', '-'])?;
            orders.iter().find(|(known, _)| *known == name).map(|(_, order)| (descending, *order))
        })
        .collect();
    items.sort_by(|one, other| {
        let differences = wanted.iter().map(|(descending, order)| {
            let ordering = order(one, other);
            if *descending { ordering.reverse() } else { ordering }
        });
        differences.fold(Ordering::Equal, Ordering::then)
    });
}

fn values(wanted: Option<&str>) -> Option<impl Iterator<Item = &str>> {
    let wanted = wanted.filter(|wanted| !wanted.is_empty())?;
    Some(wanted.split(',').take(MAX_IN_VALUES))
}
