//! The URL of the API.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::error::Error;
use crate::value::text::check_copied;
use crate::value::text_form::text_form;

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
#[non_exhaustive]
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

    /// Whether hosts of this region are in this domain. Each region has a domain with its prefix and one with its code.
    fn has_domain(self, domain: &str) -> bool {
        let domains = match self {
            Self::UnitedStates => ["kaltura.com", "nvp1.ovp.kaltura.com"],
            Self::Frankfurt => ["de.kaltura.com", "frp2.ovp.kaltura.com"],
            Self::Ireland => ["eu.kaltura.com", "irp2.ovp.kaltura.com"],
            Self::Singapore => ["sg.kaltura.com", "sgp2.ovp.kaltura.com"],
            Self::Canada => ["ca.kaltura.com", "cap2.ovp.kaltura.com"],
            Self::Australia => ["ap.kaltura.com", "syp2.ovp.kaltura.com"],
        };
        domains.iter().any(|known| domain.eq_ignore_ascii_case(known))
    }
}

impl Region {
    /// The name of the region, such as `frankfurt`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnitedStates => "united-states",
            Self::Frankfurt => "frankfurt",
            Self::Ireland => "ireland",
            Self::Singapore => "singapore",
            Self::Canada => "canada",
            Self::Australia => "australia",
        }
    }

    /// Parses the [name](Self::as_str) of a region.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with all names.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|region| region.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid_input(format!("the region must be one of {names}"))
        })
    }
}

text_form!(Region);
text_form!(Endpoint);

impl From<Region> for Endpoint {
    fn from(region: Region) -> Self {
        Self { base: region.base().into() }
    }
}

impl Endpoint {
    /// Parses a base URL, with or without `/api_v3` and slashes at its end. One that ends in `/api` works too: the usual
    /// web server of Kaltura rewrites every path below `/api/` to the API.
    ///
    /// Before `/api_v3` there can be a path, if the server is not at the root of its host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless it is an absolute `https` URL, or an `http` URL
    /// of a loopback host (`localhost`, `127.0.0.0/8`, `[::1]`), without user name, query and fragment. The error names the
    /// mistake if the URL is that of an action (`…/api_v3/service/…`, `…/index.php`) or of Kaltura's management console.
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
        Self::parse_with(url, |_| false)
    }

    /// Like [`parse`](Self::parse), but accepts plain http for these hosts, to which secrets are then sent unencrypted. It is
    /// for test servers, such as a container with the emulator. A host is a name or an address without a port, and case does
    /// not matter.
    ///
    /// # Errors
    ///
    /// Like [`parse`](Self::parse), except for the scheme.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::Endpoint;
    ///
    /// let endpoint = Endpoint::parse_allowing_unencrypted_http_to("http://emulator:8080", &["emulator"])?;
    /// assert!(Endpoint::parse_allowing_unencrypted_http_to("http://emulator.example.org", &["emulator"]).is_err());
    /// # Ok::<(), apptoken_core::Error>(())
    /// ```
    pub fn parse_allowing_unencrypted_http_to(url: &str, hosts: &[&str]) -> Result<Self, Error> {
        Self::parse_with(url, |host| hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)))
    }

    /// Like [`parse`](Self::parse), but accepts plain http for every host, so that secrets are sent unencrypted.
    ///
    /// # Errors
    ///
    /// Like [`parse`](Self::parse), except for the scheme.
    pub fn parse_allowing_unencrypted_http(url: &str) -> Result<Self, Error> {
        Self::parse_with(url, |_| true)
    }

    fn parse_with(url: &str, allows_http_to: impl Fn(&str) -> bool) -> Result<Self, Error> {
        check_copied(url, "the service URL")?;
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it has no scheme"))?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let encrypted = match &*scheme.to_ascii_lowercase() {
            "https" => true,
            "http" => false,
            _ => return Err(refused("its scheme is neither https nor http")),
        };
        if url.contains(['?', '#']) {
            return Err(too_long("a query or a fragment"));
        }
        if authority.contains('@') {
            return Err(refused("it contains a user name or password"));
        }
        let host = host_of(authority)?;
        if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte)) {
            return Err(refused("its path contains a character that is not allowed in a URL"));
        }
        refuse_console(host, path)?;
        if !encrypted && !is_loopback(host) && !allows_http_to(host) {
            return Err(Error::invalid_input(
                "the service URL starts with http://, so secrets would be sent unencrypted: use https:// \
                 (http:// is only for a server on this machine)",
            ));
        }
        let path = path.trim_end_matches('/');
        let path = match path.strip_suffix("/api_v3") {
            Some(path) => path.trim_end_matches('/'),
            None => path_of_server(path)?,
        };
        let scheme = if encrypted { "https" } else { "http" };
        let base = format!("{scheme}://{}{path}/api_v3", authority.to_ascii_lowercase());
        Ok(Self { base: base.into() })
    }

    /// Whether requests are sent unencrypted to another machine, because the caller allowed it.
    #[must_use]
    pub fn is_unencrypted(&self) -> bool {
        // Apart from its scheme, a base that was accepted once is accepted again.
        Self::parse(&self.base).is_err()
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

/// The path before `/api_v3`, of a URL that does not end with it.
fn path_of_server(path: &str) -> Result<&str, Error> {
    if path.split('/').any(|part| ["api_v3", "index.php", "service"].iter().any(|name| part.eq_ignore_ascii_case(name)))
    {
        return Err(too_long("the path of an action"));
    }
    Ok(path)
}

/// Refuses the URL of Kaltura's management console, which people have in front of them when they set up a token.
fn refuse_console(host: &str, path: &str) -> Result<(), Error> {
    let is_page = path.split('/').any(|part| part.eq_ignore_ascii_case("kmc") || part.eq_ignore_ascii_case("kmcng"));
    let (first, domain) = host.split_once('.').unwrap_or((host, ""));
    let is_console = first.eq_ignore_ascii_case("kmc");
    if !is_page && !is_console {
        return Ok(());
    }
    let region = Region::ALL.into_iter().filter(|_| is_console).find(|region| region.has_domain(domain));
    let api = region.map_or("https://www.kaltura.com, or https://api.de.kaltura.com for Frankfurt", |region| {
        region.base().trim_end_matches("/api_v3")
    });
    Err(Error::invalid_input(format!(
        "the service URL is that of the management console: use the server of the API in the same region, such as {api}"
    )))
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

fn too_long(rest: &str) -> Error {
    Error::invalid_input(format!(
        "the service URL has {rest} after the server's base: end it after the host, or after /api_v3, as in \
         https://www.kaltura.com"
    ))
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

    #[test]
    fn plain_http_is_accepted_for_exactly_the_named_hosts() {
        let hosts = ["emulator", "10.0.0.1"];
        for (url, is_accepted) in [
            ("http://emulator:8080", true),
            ("http://EMULATOR/api_v3", true),
            ("http://10.0.0.1:1", true),
            ("http://emulator.example.org", false),
            ("http://example.emulator", false),
            ("http://10.0.0.10", false),
            ("http://emulator@example.org", false),
        ] {
            let endpoint = Endpoint::parse_allowing_unencrypted_http_to(url, &hosts);
            assert_eq!(endpoint.is_ok_and(|endpoint| endpoint.is_unencrypted()), is_accepted, "{url}");
        }
        for url in ["http://localhost:8080", "https://emulator"] {
            let endpoint = Endpoint::parse_allowing_unencrypted_http_to(url, &hosts).unwrap();
            assert!(!endpoint.is_unencrypted(), "{url}");
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
            assert!(url.is_empty() || error.contains("https://www.kaltura.com"), "{url}: {error}");
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
