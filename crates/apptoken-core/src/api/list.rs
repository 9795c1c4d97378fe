//! Reading lists page by page.

use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::wire::action::Action;
use crate::wire::lenient::number_or_string;
use crate::wire::strict::StrictItem;

/// The page of a list to return: `KalturaFilterPager`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// The number of objects per page, from 1 to 500. The server's default is 30.
    #[serde(rename = "pageSize")]
    size: u16,
    /// The number of the page, from 1.
    #[serde(rename = "pageIndex")]
    index: u32,
}

impl Pager {
    /// The largest page size; the server reduces larger ones to this without an error.
    pub const LARGEST_PAGE: u16 = 500;

    /// The page with the number `index`, counted from 1, of pages of `size` objects.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless `size` is 1 to 500 and `index` at least 1: the
    /// server would use another value without an error.
    pub fn new(size: u16, index: u32) -> Result<Self, Error> {
        if (1..=Self::LARGEST_PAGE).contains(&size) && index > 0 {
            Ok(Self { size, index })
        } else {
            Err(Error::invalid_input("the page size must be 1 to 500, and the page number at least 1"))
        }
    }

    /// The first page, with the largest page size.
    pub(crate) const FIRST: Self = Self { size: Self::LARGEST_PAGE, index: 1 };

    pub(crate) fn next(self) -> Self {
        Self { index: self.index.saturating_add(1), ..self }
    }

    /// The largest possible number of objects in this page and all pages before it.
    pub(crate) fn max_objects_so_far(self) -> u64 {
        u64::from(self.size) * u64::from(self.index)
    }
}

/// One page of a list: `Kaltura…ListResponse`.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    /// The total number of objects in all pages.
    #[serde(rename = "totalCount", deserialize_with = "number_or_string")]
    pub total_count: i64,
    /// The objects of this page.
    // The server leaves the key out if `sessionUserIdEqual` names an unknown user; other empty lists have it. Observed on
    // release Venus-22.19.0 (`app_token_list.jsonl`).
    #[serde(default = "Vec::new", deserialize_with = "objects")]
    pub objects: Vec<T>,
}

fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<StrictItem<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|StrictItem(object)| object).collect())
}

/// An action that returns a list in pages.
pub trait ListAction: Action<Reply = Page<Self::Item>> + Clone {
    /// The type of the listed objects.
    type Item: DeserializeOwned;

    /// Requests the given page, in an order in which new objects come last.
    fn set_page(&mut self, pager: Pager);

    /// Whether both are the same object, even if it changed in between.
    fn is_same(one: &Self::Item, other: &Self::Item) -> bool;
}
