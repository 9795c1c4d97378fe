//! A Kaltura action: its parameters and its result.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::error::kind::ActionName;
use crate::wire::multipart::FilePart;

/// One action of Kaltura's API.
///
/// Implement it for an action that this crate does not include, and run it with [`Call`](crate::Call) like any other. The
/// fields are the action's parameters, with the names of Kaltura's API reference.
///
/// Nulls are left out at every depth, because the server would cast them to 0 or to an empty string.
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
    /// The type of the result; `()` if the action returns nothing.
    type Reply: DeserializeOwned;
    /// The name of the service, such as `appToken`.
    const SERVICE: &'static str;
    /// The name of the action, such as `startSession`.
    const ACTION: &'static str;
    /// When the request may be repeated; by default, only if the server did not receive it.
    const REPEAT: Repeat = Repeat::IfNotSent;

    /// Refuses parameters that the server would misread. It is called before the request is written. By default it accepts
    /// all parameters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the reason.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The file that the request contains besides its parameters, such as one piece of an upload. By default there is none.
    ///
    /// A request with a file has a multipart body, which is held in memory with a copy of the content. The field that holds
    /// the content is not a parameter: leave it out with `#[serde(skip)]`. An action with a file cannot be a part of a
    /// [`Batch`](crate::exchange::Batch).
    ///
    /// An upload must keep [`Repeat::IfNotSent`]: a piece that arrives twice is appended twice. After an error, ask the
    /// server how much it has, and continue from there.
    fn file(&self) -> Option<FilePart<'_>> {
        None
    }

    /// The service and action, for errors and logs.
    #[must_use]
    fn name() -> ActionName
    where
        Self: Sized,
    {
        ActionName { service: Self::SERVICE, action: Self::ACTION }
    }

    /// The service and action of this value; by default, those of its type.
    ///
    /// Override it and [`repeat`](Self::repeat) for a type that can be any action, as in a program whose user names the
    /// action. The names go into the URL, so they must consist of letters, digits and underscores.
    #[must_use]
    fn target(&self) -> ActionName
    where
        Self: Sized,
    {
        Self::name()
    }

    /// When this request may be repeated; by default, as the type says.
    #[must_use]
    fn repeat(&self) -> Repeat {
        Self::REPEAT
    }
}

/// To run the same action more than once.
impl<A: Action> Action for &A {
    type Reply = A::Reply;
    const SERVICE: &'static str = A::SERVICE;
    const ACTION: &'static str = A::ACTION;
    const REPEAT: Repeat = A::REPEAT;

    fn check(&self) -> Result<(), Error> {
        (**self).check()
    }

    fn file(&self) -> Option<FilePart<'_>> {
        (**self).file()
    }

    fn target(&self) -> ActionName {
        (**self).target()
    }

    fn repeat(&self) -> Repeat {
        (**self).repeat()
    }
}

/// When a request may be repeated after a transient failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// After any transient failure: for actions that change nothing.
    Always,
    /// Only if the server certainly did not execute it: for actions that must not run twice.
    IfNotSent,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    use crate::wire::encode::{self, Common};
    use crate::wire::endpoint::Endpoint;
    use crate::wire::http::HttpRequest;

    #[derive(Serialize)]
    struct Upload {
        #[serde(skip)]
        piece: &'static [u8],
    }

    impl Action for Upload {
        type Reply = ();
        const SERVICE: &'static str = "uploadToken";
        const ACTION: &'static str = "upload";

        fn check(&self) -> Result<(), Error> {
            if self.piece.is_empty() { Err(Error::invalid_input("the piece is empty")) } else { Ok(()) }
        }

        fn file(&self) -> Option<FilePart<'_>> {
            Some(FilePart { parameter: "fileData", file_name: "a", content: self.piece })
        }
    }

    fn request<A: Action>(action: A) -> Result<HttpRequest, Error> {
        encode::request(&Endpoint::parse("https://example.org")?, &action, Common::default())
    }

    #[test]
    fn an_action_by_reference_has_its_check_and_its_file() {
        assert!(request(&Upload { piece: b"" }).unwrap_err().to_string().contains("the piece is empty"));
        let upload = Upload { piece: b"piece" };
        let [by_reference, by_value] = [request(&upload), request(upload)].map(Result::unwrap);
        assert_eq!((by_reference.url(), by_reference.body()), (by_value.url(), by_value.body()));
        assert!(by_reference.body().windows(5).any(|bytes| bytes == b"piece"));
    }
}
