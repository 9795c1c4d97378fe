use std::fmt;
use std::time::Duration;

use apptoken_core::Error;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy, ProxyProtocol};

use crate::agents::Agents;
use crate::{CONNECT_TIMEOUT, LARGEST_REPLY, OUR_NAME, TOTAL_TIMEOUT, UreqTransport};

/// The maximum timeout. ureq adds a timeout to the current time, which must not overflow.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The settings of a new [`UreqTransport`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct UreqTransportBuilder {
    connect_timeout: Duration,
    total_timeout: Duration,
    largest_reply: usize,
    proxy: Option<String>,
    root_certificates: Option<Vec<u8>>,
}

impl UreqTransportBuilder {
    pub(crate) fn new() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            largest_reply: LARGEST_REPLY,
            proxy: None,
            root_certificates: None,
        }
    }

    /// Sets the timeout for name resolution, and again for connecting, including TLS and the proxy. The default is 10
    /// s.
    ///
    /// It should be shorter than the [total timeout](Self::total_timeout), so that there is time left for the request.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout.min(A_CENTURY), ..self }
    }

    /// Sets the timeout from the start of a request to the last byte of its reply. The default is 30 s.
    pub fn total_timeout(self, timeout: Duration) -> Self {
        Self { total_timeout: timeout.min(A_CENTURY), ..self }
    }

    /// Sets the maximum size of a decompressed reply body in bytes. The default is 8 MiB. A larger body is a failure.
    ///
    /// No flow of [`apptoken_core`] accepts more than the default.
    pub fn largest_reply(self, bytes: usize) -> Self {
        Self { largest_reply: bytes, ..self }
    }

    /// Sets a proxy, such as `http://user:password@host:port`, or with `https` if the connection to the proxy itself
    /// uses TLS. User, password and port are optional.
    ///
    /// The transport requests a tunnel (`CONNECT`), so TLS is end to end between this machine and the server. Requests
    /// to this machine never use the proxy. By default there is no proxy: variables such as `HTTPS_PROXY` are not used.
    pub fn proxy(self, url: impl Into<String>) -> Self {
        Self { proxy: Some(url.into()), ..self }
    }

    /// Sets the trusted certificates, one or more in PEM, instead of those of the platform.
    ///
    /// If a firewall inspects TLS, set its root certificate. By default the certificates of the platform are trusted;
    /// on Linux those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, if one of these variables is set.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use apptoken_transport_ureq::UreqTransport;
    ///
    /// let pem = std::fs::read("/etc/ssl/inspection-root.pem")?;
    /// let transport = UreqTransport::builder().root_certificates(pem).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificates: Some(pem.into()), ..self }
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) if the proxy or the root certificates cannot
    /// be used.
    pub fn build(self) -> Result<UreqTransport, Error> {
        let proxy = self.proxy.as_deref().map(read_proxy).transpose()?;
        let root_certificates = self.root_certificates.as_deref().map(read_certificates).transpose()?;
        Ok(self.with_parts(proxy, root_certificates))
    }

    pub(crate) fn with_parts(&self, proxy: Option<Proxy>, roots: Option<Vec<Certificate<'static>>>) -> UreqTransport {
        let roots = roots.map_or(RootCerts::PlatformVerifier, RootCerts::from);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_global(Some(self.total_timeout))
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(OUR_NAME)
            .build();
        UreqTransport { largest_reply: self.largest_reply, ..UreqTransport::over(Agents::ours(config)) }
    }
}

fn read_proxy(url: &str) -> Result<Proxy, Error> {
    Proxy::new(url).ok().filter(is_usable).ok_or_else(|| {
        Error::invalid_input(
            "the proxy cannot be used: its URL should look like http://user:password@proxy.example.org:3128",
        )
    })
}

fn is_usable(proxy: &Proxy) -> bool {
    // The other protocols are SOCKS. ureq panics for them unless it is compiled with that feature.
    let is_tunnel = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
    // ureq replaces an invalid port by the default port.
    let has_no_port = || proxy.uri().authority().is_some_and(|authority| authority.as_str().ends_with(proxy.host()));
    is_tunnel && !proxy.host().is_empty() && (proxy.uri().port_u16().is_some() || has_no_port())
}

fn read_certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, Error> {
    let unreadable = || {
        Error::invalid_input(
            "the root certificates cannot be read: they should be in PEM, each from -----BEGIN CERTIFICATE----- to \
             -----END CERTIFICATE-----",
        )
    };
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| unreadable())? {
            // ureq ignores certificates that it cannot parse. All connections would then fail without a reason.
            let readable = RootCertStore::empty().add(CertificateDer::from(certificate.der()));
            readable.map_err(|_| unreadable())?;
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(unreadable()) } else { Ok(certificates) }
}

impl fmt::Debug for UreqTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL of the proxy can contain a password.
        let Self { connect_timeout, total_timeout, largest_reply, proxy: _, root_certificates: _ } = self;
        f.debug_struct("UreqTransportBuilder")
            .field("connect_timeout", connect_timeout)
            .field("total_timeout", total_timeout)
            .field("largest_reply", largest_reply)
            .finish_non_exhaustive()
    }
}
