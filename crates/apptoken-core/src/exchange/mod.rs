//! Flows: sequences of requests and replies that together perform one operation.

pub(crate) mod batch;
pub(crate) mod call;
pub(crate) mod drive;
pub(crate) mod flow;
pub(crate) mod machine;
pub(crate) mod pages;
pub(crate) mod retry;

pub use batch::{Batch, BatchResults, Reference, Ticket};
pub use call::Call;
pub use drive::{drive, drive_counted};
pub use flow::{Exchange, Flow, Step, StoppedFlow};
pub use pages::{AllPages, ListProgress};
pub use retry::RetryPolicy;
