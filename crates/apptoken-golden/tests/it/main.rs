//! The recorded data is all there and has the shape that its loader promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod counts;
mod shapes;
