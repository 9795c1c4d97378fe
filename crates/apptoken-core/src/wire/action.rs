//! A Kaltura action: what is sent and what comes back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::error::kind::ActionName;

/// One action of Kaltura's API.
///
/// The trait is open: implement it for an action that this crate does not know, and run it through
/// [`Call`](crate::Call) like any other. The fields are the action's parameters, under their names in Kaltura's reference.
///
/// Nulls are left out wherever they stand, because the server would cast them to 0 or to the empty text.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Action, Call, Endpoint, Moment, Repeat};
///
/// #[derive(serde::Serialize)]
/// struct BaseEntryGet {
///     #[serde(rename = "entryId")]
///     entry_id: String,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct BaseEntry {
///     name: String,
/// }
///
/// impl Action for BaseEntryGet {
///     type Reply = BaseEntry;
///     const SERVICE: &'static str = "baseEntry";
///     const ACTION: &'static str = "get";
///     const REPEAT: Repeat = Repeat::Always;
/// }
///
/// # let now = Moment { wall: apptoken_core::UnixSeconds(0), elapsed: core::time::Duration::ZERO };
/// let exchange = Call::new(Endpoint::parse("https://www.kaltura.com")?, BaseEntryGet { entry_id: "1_ab12cd34".into() }).start(now)?;
/// assert_eq!(exchange.request().url(), "https://www.kaltura.com/api_v3/service/baseEntry/action/get?format=1");
/// # Ok::<(), apptoken_core::Error>(())
/// ```
pub trait Action: Serialize {
    /// What the action returns; `()` for one that returns nothing.
    type Reply: DeserializeOwned;
    /// The service, such as `appToken`.
    const SERVICE: &'static str;
    /// The action, such as `startSession`.
    const ACTION: &'static str;
    /// When the request may be repeated; only if it was not sent, by default.
    const REPEAT: Repeat = Repeat::IfNotSent;

    /// Refuses parameters that the server would misread. Called before the request is written; accepts all by default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), which says what is wrong.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The name of the action, for errors and logs.
    #[must_use]
    fn name() -> ActionName
    where
        Self: Sized,
    {
        ActionName { service: Self::SERVICE, action: Self::ACTION }
    }
}

/// When a request may be repeated after a transient failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Whenever it failed: for actions that change nothing.
    Always,
    /// Only if the server certainly did not act on it: for actions that must not happen twice.
    IfNotSent,
}
