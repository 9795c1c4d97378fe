//! Advice about failed connections, and whether the failure is permanent.

use std::borrow::Cow;
use std::env;

use apptoken_core::TransportFailure;
use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::ConnectFailure;
use super::failure::Step;
use super::tunnel::ProxyAnswer;

/// What to do about a failure, and whether a retry would fail too.
#[derive(Clone, Copy)]
pub(crate) struct Advice {
    pub(crate) permanent: bool,
    pub(crate) text: &'static str,
}

const fn permanent(text: &'static str) -> Advice {
    Advice { permanent: true, text }
}

const fn transient(text: &'static str) -> Advice {
    Advice { permanent: false, text }
}

impl From<ConnectFailure> for TransportFailure {
    fn from(failure: ConnectFailure) -> Self {
        let Advice { permanent, text } = advise(&failure);
        let unused_proxy = if permanent || !failure.is_direct { None } else { proxy_variable() };
        let text = match unused_proxy {
            Some(variable) => Cow::Owned(format!(
                "{text}; {variable} is set, but this library uses a proxy only if the program names one: \
                 UreqTransport::builder().proxy(url)"
            )),
            None => Cow::Borrowed(text),
        };
        let failure = Self::not_sent(failure).advise(text);
        if permanent { failure.permanent() } else { failure }
    }
}

fn advise(failure: &ConnectFailure) -> Advice {
    if let Some(error) = failure.cause.downcast_ref() {
        return advise_on_tls(error);
    }
    if let Some(answer) = failure.cause.downcast_ref() {
        return advise_on_proxy(*answer);
    }
    if failure.peer_is_proxy {
        return transient("check the proxy's URL, or ask the proxy's operator why it does not answer");
    }
    match failure.step {
        Step::Resolve => transient("check the service URL's host, and how this machine resolves names, then try again"),
        Step::Connect | Step::OpenTunnel => {
            transient("check the service URL's host and port, and whether a firewall lets this machine connect to them")
        }
        Step::Encrypt => transient(
            "check the service URL's host and port, and whether a firewall interrupts the TLS handshake, then try \
             again",
        ),
    }
}

/// The advice for an error of rustls during the handshake.
pub(crate) fn advise_on_tls(error: &TlsError) -> Advice {
    match error {
        TlsError::InvalidCertificate(error) => permanent(advise_on_certificate(error)),
        TlsError::General(text) if text.starts_with("No CA certificates") => permanent(
            "no root certificate was found: install ca-certificates, or set root certificates with SSL_CERT_FILE (check it if it is \
             set) or UreqTransport::builder().root_certificates(pem)",
        ),
        TlsError::InvalidMessage(_) => permanent(
            "the peer does not speak TLS: check the port, which may be for plain http, and any proxy or firewall on the way",
        ),
        TlsError::PeerIncompatible(_) => permanent(
            "the server, or a firewall on the way, supports neither TLS 1.2 nor 1.3 with a common cipher: have it updated",
        ),
        TlsError::AlertReceived(alert) if is_refusal(*alert) => permanent(
            "the server, or a firewall on the way, refuses the TLS handshake: check the host, which this server may not serve",
        ),
        TlsError::PeerMisbehaved(_) | TlsError::InappropriateMessage { .. } => {
            permanent("the peer violates the TLS protocol: check host and port, and any proxy or firewall on the way")
        }
        _ => transient("check host and port, and any proxy or firewall on the way, then try again"),
    }
}

fn advise_on_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for other names: check the service URL's host"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired: have it renewed, and check this machine's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet: check this machine's clock"
        }
        // A root with the same name and another key shows as a wrong signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server has a private certificate, or an inspecting firewall replaced it: add its root to this machine's, or set \
             it with SSL_CERT_FILE (if that is set, check that it names a file in PEM) or \
             UreqTransport::builder().root_certificates(pem)"
        }
        _ => "the server's certificate cannot be accepted: have it replaced, or check any proxy or firewall on the way",
    }
}

/// Alerts that a retry would get too.
fn is_refusal(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::NoApplicationProtocol
            | AlertDescription::ProtocolVersion
            | AlertDescription::UnrecognisedName
    )
}

fn advise_on_proxy(answer: ProxyAnswer) -> Advice {
    match answer {
        ProxyAnswer::NotHttp => permanent("the peer is not an HTTP proxy: check the proxy's URL"),
        ProxyAnswer::Status(407) => permanent(
            "the proxy requires a user and password: set them in its URL, or check those in it \
             (UreqTransport::builder().proxy(url))",
        ),
        ProxyAnswer::Status(408 | 425 | 429 | 500 | 502..=504) => transient(
            "the proxy does not reach the server: check the service URL's host, or ask the proxy's operator, then try \
             again",
        ),
        ProxyAnswer::Status(_) => permanent(
            "the proxy refuses to connect to the server: ask its operator to allow it, or check the proxy's URL",
        ),
    }
}

/// The name of a variable that sets a proxy for other programs. Not its value, which can contain a password.
fn proxy_variable() -> Option<&'static str> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_that_a_retry_meets_again_are_permanent() {
        for status in [301, 400, 401, 403, 404, 405, 407, 451, 501, 505] {
            assert!(advise_on_proxy(ProxyAnswer::Status(status)).permanent, "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert!(!advise_on_proxy(ProxyAnswer::Status(status)).permanent, "{status}");
        }
        for alert in [AlertDescription::HandshakeFailure, AlertDescription::UnrecognisedName] {
            assert!(advise_on_tls(&TlsError::AlertReceived(alert)).permanent, "{alert:?}");
        }
        for alert in [AlertDescription::InternalError, AlertDescription::UserCanceled] {
            assert!(!advise_on_tls(&TlsError::AlertReceived(alert)).permanent, "{alert:?}");
        }
    }
}
