//! The URL of the API.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::error::Error;

/// The base URL of a Kaltura server, such as `https://www.kaltura.com`.
///
/// Plain http is refused unless the host is a loopback address, because every request contains a secret. Transports rely
/// on this check. An endpoint is cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The scheme, host, port and path, ending in `/api_v3`.
    base: Arc<str>,
}

/// The regions of Kaltura's hosted service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// United States: `https://www.kaltura.com`
    UnitedStates,
    /// Frankfurt: `https://api.de.kaltura.com`
    Frankfurt,
    /// Ireland: `https://api.eu.kaltura.com`
    Ireland,
    /// Singapore: `https://api.sg.kaltura.com`
    Singapore,
    /// Canada: `https://api.ca.kaltura.com`
    Canada,
    /// Australia: `https://api.ap.kaltura.com`
    Australia,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 6] =
        [Self::UnitedStates, Self::Frankfurt, Self::Ireland, Self::Singapore, Self::Canada, Self::Australia];

    fn base(self) -> &'static str {
        match self {
            Self::UnitedStates => "https://www.kaltura.com/api_v3",
            Self::Frankfurt => "https://api.de.kaltura.com/api_v3",
            Self::Ireland => "https://api.eu.kaltura.com/api_v3",
            Self::Singapore => "https://api.sg.kaltura.com/api_v3",
            Self::Canada => "https://api.ca.kaltura.com/api_v3",
            Self::Australia => "https://api.ap.kaltura.com/api_v3",
        }
    }
}

impl From<Region> for Endpoint {
    fn from(region: Region) -> Self {
        Self { base: region.base().into() }
    }
}

impl Endpoint {
    /// Parses a base URL, with or without `/api_v3` and slashes at its end. One that ends in `/api` works too: the usual
    /// web server of Kaltura rewrites every path below `/api/` to the API.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless it is an absolute `https` URL, or an `http` URL
    /// of a loopback host (`localhost`, `127.0.0.0/8`, `[::1]`), without user name, query and fragment.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::Endpoint;
    ///
    /// assert_eq!(Endpoint::parse("https://www.kaltura.com")?, Endpoint::parse("https://www.kaltura.com/api_v3/")?);
    /// assert!(Endpoint::parse("http://www.kaltura.com").is_err());
    /// # Ok::<(), apptoken_core::Error>(())
    /// ```
    pub fn parse(url: &str) -> Result<Self, Error> {
        Self::parse_with(url, false)
    }

    /// Like [`parse`](Self::parse), but accepts plain http for every host, so that secrets are sent unencrypted.
    ///
    /// # Errors
    ///
    /// Like [`parse`](Self::parse), except for the scheme.
    pub fn parse_allowing_unencrypted_http(url: &str) -> Result<Self, Error> {
        Self::parse_with(url, true)
    }

    fn parse_with(url: &str, allow_http: bool) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it has no scheme"))?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let encrypted = match &*scheme.to_ascii_lowercase() {
            "https" => true,
            "http" => false,
            _ => return Err(refused("its scheme is neither https nor http")),
        };
        if url.contains(['?', '#']) {
            return Err(refused("it has a query or a fragment"));
        }
        if authority.contains('@') {
            return Err(refused("it contains a user name or password"));
        }
        let host = host_of(authority)?;
        if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte)) {
            return Err(refused("its path contains a character that is not allowed in a URL"));
        }
        if !encrypted && !allow_http && !is_loopback(host) {
            return Err(Error::invalid_input(
                "the service URL starts with http://, so secrets would be sent unencrypted: use https:// \
                 (http:// is only for a server on this machine)",
            ));
        }
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/api_v3").unwrap_or(path).trim_end_matches('/');
        let scheme = if encrypted { "https" } else { "http" };
        let base = format!("{scheme}://{}{path}/api_v3", authority.to_ascii_lowercase());
        Ok(Self { base: base.into() })
    }

    /// The base URL, including `/api_v3`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The URL of an action.
    ///
    /// It contains `format=1` too, so that the reply is JSON even if the body was lost on the way.
    pub(crate) fn url(&self, service: &str, action: &str) -> String {
        let path = ["/service/", service, if action.is_empty() { "" } else { "/action/" }, action, "?format=1"];
        let mut url = String::with_capacity(self.base.len() + path.iter().map(|part| part.len()).sum::<usize>());
        url.push_str(&self.base);
        path.iter().for_each(|part| url.push_str(part));
        url
    }
}

fn host_of(authority: &str) -> Result<&str, Error> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            address.parse::<Ipv6Addr>().map_err(|_| refused("its IPv6 address is invalid"))?;
            let port = rest.strip_prefix(':').map(Some).or_else(|| rest.is_empty().then_some(None));
            (address, port.ok_or_else(|| refused("its port is invalid"))?)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_name =
        |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if host.is_empty()
        || host.starts_with('.')
        || host.contains("..")
        || (host.parse::<Ipv6Addr>().is_err() && !is_name(host))
    {
        return Err(refused("it has no valid host"));
    }
    if port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_err()) {
        return Err(refused("its port is invalid"));
    }
    Ok(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

fn refused(reason: &str) -> Error {
    Error::invalid_input(format!(
        "the service URL cannot be used, because {reason}: it should look like https://www.kaltura.com"
    ))
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.base)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn base_urls_are_normalised() {
        for url in [
            "https://www.kaltura.com",
            "https://www.kaltura.com/",
            "HTTPS://WWW.Kaltura.com//",
            "https://www.kaltura.com/api_v3",
            "https://www.kaltura.com/api_v3/",
        ] {
            assert_eq!(Endpoint::parse(url).unwrap(), Region::UnitedStates.into(), "{url}");
        }
        assert_eq!(
            Endpoint::parse("https://media.example.org:8443/kaltura/").unwrap().as_str(),
            "https://media.example.org:8443/kaltura/api_v3"
        );
        for url in ["https://www.kaltura.com/api", "https://www.kaltura.com/api/"] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(endpoint.as_str(), "https://www.kaltura.com/api/api_v3", "{url}");
            assert!(
                endpoint.url("user", "get").starts_with("https://www.kaltura.com/api/api_v3/service/user/action/get")
            );
        }
    }

    #[test]
    fn the_urls_of_regions_are_normalised() {
        for region in Region::ALL {
            assert_eq!(Endpoint::parse(region.base()).unwrap(), region.into());
        }
    }

    #[test]
    fn plain_http_is_refused_except_for_loopback_hosts() {
        for url in ["http://localhost:8080", "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80/api_v3"] {
            assert!(Endpoint::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://www.kaltura.com",
            "http://localhost.example.org",
            "http://10.0.0.1",
            "http://[::2]",
            "http://127.0.0.1.example.org",
        ] {
            let error = Endpoint::parse(url).unwrap_err().to_string();
            assert!(error.contains("use https://"), "{url}: {error}");
            assert!(Endpoint::parse_allowing_unencrypted_http(url).is_ok(), "{url}");
        }
    }

    /// An unclosed bracket once let any host pass, with spaces and line breaks.
    #[test]
    fn a_host_with_an_unclosed_bracket_is_refused() {
        for url in ["https://[a b\r\nx", "https://[::1", "https://[", "https://[]"] {
            assert!(Endpoint::parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn an_unusable_url_is_refused_without_repeating_it() {
        for url in [
            "",
            "www.kaltura.com",
            "ftp://www.kaltura.com",
            "https://",
            "https:///api_v3",
            "https://user:pw@www.kaltura.com",
            "https://www.kaltura.com/?ks=1",
            "https://www.kaltura.com/#a",
            "https://www.kaltura.com:99999",
            "https://a b",
            "https://[::1",
            "https://[::1]x",
            "https://www.kaltura.com/a\nb",
            "https://..",
            "https://host:+80",
        ] {
            let error = Endpoint::parse(url).unwrap_err().to_string();
            assert!(error.contains("https://www.kaltura.com"), "{url}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(url in "(https?://)?\\PC{0,40}") {
            if let Ok(endpoint) = Endpoint::parse(&url) {
                prop_assert_eq!(Endpoint::parse(endpoint.as_str()).unwrap(), endpoint);
            }
        }
    }
}
