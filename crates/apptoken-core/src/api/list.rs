//! Lists in pages.

use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::wire::action::Action;
use crate::wire::lenient::number_or_text;
use crate::wire::strict::StrictItem;

/// Which part of a list: `KalturaFilterPager`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// How many objects a page holds, from 1 to 500; the server's default is 30.
    #[serde(rename = "pageSize")]
    size: u16,
    /// Which page, from 1.
    #[serde(rename = "pageIndex")]
    index: u32,
}

impl Pager {
    /// The largest page that the server gives.
    pub const LARGEST_PAGE: u16 = 500;

    /// A page by its number, from 1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless `size` is 1 to 500 and `index` at least 1: the
    /// server would silently take another.
    pub fn new(size: u16, index: u32) -> Result<Self, Error> {
        if (1..=Self::LARGEST_PAGE).contains(&size) && index > 0 {
            Ok(Self { size, index })
        } else {
            Err(Error::invalid_input("a page holds 1 to 500 objects, and pages count from 1"))
        }
    }

    /// The first page of a list in the largest pages.
    pub(crate) const FIRST: Self = Self { size: Self::LARGEST_PAGE, index: 1 };

    pub(crate) fn next(self) -> Self {
        Self { index: self.index.saturating_add(1), ..self }
    }

    /// How many objects the pages up to this one hold at most.
    pub(crate) fn reach(self) -> u64 {
        u64::from(self.size) * u64::from(self.index)
    }
}

/// One page of a list: `Kaltura…ListResponse`.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    /// How many objects all pages hold together.
    #[serde(rename = "totalCount", deserialize_with = "number_or_text")]
    pub total_count: i64,
    /// The objects of this page; the server leaves an empty list out in some cases.
    #[serde(default = "Vec::new", deserialize_with = "objects")]
    pub objects: Vec<T>,
}

fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<StrictItem<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|StrictItem(object)| object).collect())
}

/// An action that returns a list in pages.
pub trait ListAction: Action<Reply = Page<Self::Item>> {
    /// What the list holds.
    type Item: DeserializeOwned;

    /// Asks for this page, in an order that later additions do not disturb.
    fn turn_to(&mut self, pager: Pager);

    /// Whether both are the same object, perhaps in another state.
    fn is_same(one: &Self::Item, other: &Self::Item) -> bool;
}
