//! Whether a failed request can have reached the server.

use std::io;

use apptoken_core::TransportFailure;
use ureq::{Error, Timeout};

use crate::connect::{Advice, Cause, ConnectFailure, StopError, advise_on_tls};

/// Turns an error of ureq into a failure. Errors of this crate's connector are certainly before sending; for others it depends on
/// their kind.
pub(crate) fn classify(error: Error) -> TransportFailure {
    let error = match error {
        Error::Other(other) => match other.downcast::<ConnectFailure>() {
            Ok(failure) => return TransportFailure::from(*failure),
            Err(other) => Error::Other(other),
        },
        Error::Io(error) if is_agent_shut_down(&error) => return StopError.before_sending(),
        error => error,
    };
    if !is_certainly_before_sending(&error) {
        let is_not_http = matches!(error, Error::Protocol(_));
        let failure = TransportFailure::unknown(Cause::from(error).into_inner());
        return if is_not_http { failure.advise(NOT_HTTP) } else { failure };
    }
    let cause = Cause::from(error);
    let advice = cause.downcast_ref().map(advise_on_tls);
    let failure = TransportFailure::not_sent(cause.into_inner());
    match advice {
        Some(Advice { permanent: true, text }) => failure.permanent().advise(text),
        Some(Advice { permanent: false, text }) => failure.advise(text),
        None => failure,
    }
}

const NOT_HTTP: &str = "the reply is not valid HTTP: check the service URL's scheme and port, and any proxy on the way; if the call \
                        changes something, check whether it was executed";

/// Only errors that ureq returns before it has a connection, never later.
fn is_certainly_before_sending(error: &Error) -> bool {
    match error {
        Error::RequireHttpsOnly(_)
        | Error::HostNotFound
        | Error::ConnectProxyFailed(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => {
            matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable)
                || is_name_not_found(error)
                || is_refused_certificate(error)
        }
        _ => false,
    }
}

/// ureq has no kind for this error. It returns it before it takes or opens a connection.
fn is_agent_shut_down(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotConnected && error.to_string() == "Agent is shut down"
}

/// The standard library has no kind for this error, only this text. If the text changes, the failure is reported as unknown.
fn is_name_not_found(error: &io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

/// A server shows its certificate once, before the request is sent: rustls does not renegotiate, and sends early data only if
/// configured to.
fn is_refused_certificate(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind::{
        AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
    };
    use io::ErrorKind::{InvalidData, NetworkUnreachable, NotConnected, TimedOut, UnexpectedEof};
    use rustls::{AlertDescription, CertificateError};

    #[test]
    fn a_request_after_the_shutdown_of_its_agent_is_not_sent() {
        let agent = ureq::Agent::new_with_defaults();
        agent.clone().shutdown();
        let failure = classify(agent.get("http://127.0.0.1:1").call().unwrap_err());
        assert!(failure.is_not_sent() && failure.is_permanent());
        assert_eq!(std::error::Error::source(&failure).unwrap().to_string(), "the transport was stopped");
    }

    #[test]
    fn only_errors_before_sending_are_not_sent() {
        let tls = |error| Error::Io(io::Error::new(InvalidData, error));
        let certain = [
            Error::HostNotFound,
            Error::RequireHttpsOnly("http://kaltura.example.org".into()),
            Error::ConnectProxyFailed("proxy server responded 403/403".into()),
            Error::Timeout(Timeout::Resolve),
            Error::Timeout(Timeout::Connect),
            Error::Io(ConnectionRefused.into()),
            Error::Io(AddrNotAvailable.into()),
            tls(rustls::Error::InvalidCertificate(CertificateError::Expired)),
        ];
        for error in certain {
            assert!(is_certainly_before_sending(&error), "{error}");
        }
        let timeouts = [
            Timeout::Global,
            Timeout::PerCall,
            Timeout::PerRead,
            Timeout::PerWrite,
            Timeout::SendRequest,
            Timeout::SendBody,
            Timeout::RecvResponse,
            Timeout::RecvBody,
        ];
        let kinds = [
            BrokenPipe,
            ConnectionAborted,
            ConnectionReset,
            HostUnreachable,
            InvalidData,
            NetworkUnreachable,
            NotConnected,
            TimedOut,
            UnexpectedEof,
        ];
        let uncertain =
            [tls(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)), Error::ConnectionFailed];
        let uncertain =
            uncertain.into_iter().chain(timeouts.map(Error::Timeout)).chain(kinds.map(|kind| Error::Io(kind.into())));
        for error in uncertain {
            assert!(!is_certainly_before_sending(&error), "{error}");
        }
    }
}
