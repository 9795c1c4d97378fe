use crate::objects::{Class, NullEffect, Object, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaFilterPager",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::new("pageSize", PropertyKind::Int).null(NullEffect::Fails),
        Property::new("pageIndex", PropertyKind::Int),
    ],
};

const DEFAULT_SIZE: i64 = 30;
const MAX_SIZE: i64 = 500;

/// The items of a page. A size of 0 means no limit, as observed on the server.
pub(crate) fn page<T>(items: Vec<T>, pager: Option<&Object>) -> Vec<T> {
    let size = pager.and_then(|pager| pager.int("pageSize")).unwrap_or(DEFAULT_SIZE).clamp(0, MAX_SIZE);
    let index = pager.and_then(|pager| pager.int("pageIndex")).unwrap_or(1).max(1);
    let Ok(size) = usize::try_from(size) else { return items };
    if size == 0 {
        return items;
    }
    let skipped = usize::try_from(index - 1).unwrap_or(usize::MAX).saturating_mul(size);
    items.into_iter().skip(skipped).take(size).collect()
}
