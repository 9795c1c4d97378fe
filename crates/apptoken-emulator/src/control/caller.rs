//! Checks the caller of the control interface: a program on this machine, or one with the control token. Web pages are
//! refused.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use apptoken_transport_fake::{WireReply, WireRequest};

use subtle::ConstantTimeEq as _;

use super::{ControlError, reply};

/// Who may use the control interface, besides programs on this machine.
#[derive(Clone, Default)]
pub(crate) struct ControlAccess {
    /// Host names that are allowed in addition to those of loopback addresses.
    pub(crate) hosts: Vec<String>,
    /// Whoever sends it may use the interface from any machine.
    pub(crate) token: Option<String>,
}

impl ControlAccess {
    /// Checks that a request can contain the token, and that it is not empty.
    pub(crate) fn check(&self) -> io::Result<()> {
        let is_sendable = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if self.token.as_ref().is_none_or(is_sendable) {
            return Ok(());
        }
        let why =
            "the control token must consist of visible ASCII characters (--control-token, Options::control_token)";
        Err(io::Error::new(io::ErrorKind::InvalidInput, why))
    }
}

impl fmt::Debug for ControlAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlAccess").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// The origin of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) address: IpAddr,
    pub(crate) is_encrypted: bool,
}

impl Caller {
    /// Accepts programs on this machine, and others with the control token. A web page cannot know the token.
    ///
    /// Requests of a web page in a local browser also come from this machine. They are recognized by the headers
    /// `Origin` and `Sec-Fetch-Site`. `Host` is checked because of DNS rebinding: a page can resolve its own host name
    /// to this machine, and then has the same origin as the emulator.
    ///
    /// # Errors
    ///
    /// The reply with status 403.
    pub(crate) fn check(self, request: &WireRequest, access: &ControlAccess) -> Result<(), WireReply> {
        refuse(self.problem(request, access))
    }

    /// Accepts who may use the control interface, for the files of the console. With a control token, other machines get
    /// the files without it, because a browser cannot send it before the page has asked for it. The files hold no secret.
    ///
    /// # Errors
    ///
    /// The reply with status 403.
    pub(crate) fn check_page(self, request: &WireRequest, access: &ControlAccess) -> Result<(), WireReply> {
        let is_from_here = self.address.is_loopback() || access.token.is_some();
        refuse(if is_from_here { self.page_problem(request, access) } else { Some(OTHER_MACHINE) })
    }

    fn problem(self, request: &WireRequest, access: &ControlAccess) -> Option<&'static str> {
        if let (Some(token), [authorization]) = (&access.token, all(request, "Authorization").as_slice()) {
            let given = authorization.strip_prefix("Bearer ").unwrap_or_default();
            let is_same = bool::from(given.as_bytes().ct_eq(token.as_bytes()));
            return (!is_same).then_some("the Authorization header does not have the control token");
        }
        if !self.address.is_loopback() {
            return Some(match access.token {
                Some(_) => {
                    "from another machine, the control interface needs the control token as Authorization: Bearer"
                }
                None => OTHER_MACHINE,
            });
        }
        self.page_problem(request, access)
    }

    /// What is wrong with a request that a browser on this machine can have sent for a page.
    fn page_problem(self, request: &WireRequest, access: &ControlAccess) -> Option<&'static str> {
        const PAGES: &str = "the control interface is not for other web pages; type the address to open the console";
        let host = match all(request, "Host").as_slice() {
            [host] => *host,
            _ => return Some("the control interface needs one Host header"),
        };
        if !is_loopback_host(host) && !access.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name_of(host))) {
            return Some("the Host header must be localhost, a loopback address or a name allowed with --control-host");
        }
        let own = format!("{}://{host}", if self.is_encrypted { "https" } else { "http" });
        if all(request, "Origin").iter().any(|origin| !origin.eq_ignore_ascii_case(&own)) {
            return Some(PAGES);
        }
        if all(request, "Sec-Fetch-Site").iter().any(|site| !matches!(*site, "same-origin" | "none")) {
            return Some(PAGES);
        }
        None
    }
}

const OTHER_MACHINE: &str = "the control interface is for this machine only; --control-token allows others";

fn refuse(problem: Option<&'static str>) -> Result<(), WireReply> {
    problem.map_or(Ok(()), |why| Err(reply(Err(ControlError::new(403, why)))))
}

fn all<'a>(request: &'a WireRequest, name: &str) -> Vec<&'a str> {
    let of_name = request.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
    of_name.map(|(_, value)| value.as_str()).collect()
}

/// The name or address in a `Host` header, without the port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback_host(host: &str) -> bool {
    let name = name_of(host);
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => name.parse().ok().filter(IpAddr::is_ipv4),
    };
    name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted_with(access: &ControlAccess, from: &str, headers: &[(&str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let target = "/__control/state".to_owned();
        let request = WireRequest { method: "GET".into(), target, headers, body: Vec::new() };
        let caller = Caller { address: from.parse().unwrap(), is_encrypted: false };
        caller.check(&request, access).is_ok()
    }

    fn is_accepted(from: &str, headers: &[(&str, &str)]) -> bool {
        let access = ControlAccess { hosts: vec!["emulator.test".to_owned()], token: None };
        is_accepted_with(&access, from, headers)
    }

    #[test]
    fn the_control_token_lets_other_machines_in() {
        let access = ControlAccess { hosts: Vec::new(), token: Some("t0ken".to_owned()) };
        let other = |headers: &[(&str, &str)]| is_accepted_with(&access, "10.0.0.1", headers);
        assert!(other(&[("Host", "emulator:8080"), ("Authorization", "Bearer t0ken")]));
        for wrong in ["Bearer t0kem", "Bearer t0ke", "Bearer t0kenn", "Bearer ", "t0ken", "Basic t0ken", ""] {
            assert!(!other(&[("Host", "localhost"), ("Authorization", wrong)]), "{wrong}");
        }
        assert!(!other(&[("Host", "localhost")]));
        let twice = [("Authorization", "Bearer t0ken"), ("Authorization", "Bearer x")];
        assert!(!other(&twice));
        // A program on this machine needs no token, but a wrong one is an error.
        assert!(is_accepted_with(&access, "127.0.0.1", &[("Host", "localhost")]));
        assert!(!is_accepted_with(&access, "127.0.0.1", &[("Host", "localhost"), ("Authorization", "Bearer x")]));
        // Without a token there is nothing to compare with.
        assert!(!is_accepted("10.0.0.1", &[("Host", "localhost"), ("Authorization", "Bearer ")]));
    }

    #[test]
    fn other_machines_get_the_page_only_with_a_control_token() {
        let gets_page = |token: Option<&str>, from: &str, host: &str| {
            let headers = vec![("Host".to_owned(), host.to_owned())];
            let request = WireRequest { method: "GET".into(), target: "/".to_owned(), headers, body: Vec::new() };
            let access = ControlAccess { hosts: vec!["emulator.test".to_owned()], token: token.map(str::to_owned) };
            let caller = Caller { address: from.parse().unwrap(), is_encrypted: false };
            caller.check_page(&request, &access).is_ok()
        };
        assert!(!gets_page(None, "10.0.0.1", "emulator.test"));
        assert!(gets_page(Some("t0ken"), "10.0.0.1", "emulator.test"));
        assert!(!gets_page(Some("t0ken"), "10.0.0.1", "evil.example"));
        assert!(gets_page(None, "127.0.0.1", "emulator.test") && !gets_page(None, "127.0.0.1", "evil.example"));
    }

    #[test]
    fn a_control_token_that_no_request_can_have_is_refused() {
        for token in ["", "two words", "tab\t", "ä"] {
            assert!(ControlAccess { hosts: Vec::new(), token: Some(token.to_owned()) }.check().is_err(), "{token}");
        }
        assert!(!format!("{:?}", ControlAccess { hosts: Vec::new(), token: Some("t0ken".into()) }).contains("t0ken"));
    }

    #[test]
    fn other_machines_are_rejected() {
        let host = [("Host", "localhost")];
        assert!(["127.0.0.1", "127.9.9.9", "::1"].iter().all(|from| is_accepted(from, &host)));
        assert!(!["10.0.0.1", "192.168.1.1", "fe80::1", "8.8.8.8"].iter().any(|from| is_accepted(from, &host)));
    }

    #[test]
    fn only_loopback_and_allowed_hosts_are_accepted() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "127.1.2.3",
            "[::1]:80",
            "[::1]",
            "emulator.test",
            "Emulator.Test:9",
        ] {
            assert!(is_accepted("127.0.0.1", &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "10.0.0.1",
            "[::2]",
            "::1",
            "localhost:x",
            "emulator.test.evil.example",
        ] {
            assert!(!is_accepted("127.0.0.1", &[("Host", host)]), "{host}");
        }
        assert!(!is_accepted("127.0.0.1", &[]));
        assert!(!is_accepted("127.0.0.1", &[("Host", "localhost"), ("Host", "evil.example")]));
    }

    #[test]
    fn pages_of_other_origins_are_rejected() {
        let with = |name, value| is_accepted("127.0.0.1", &[("Host", "localhost:80"), (name, value)]);
        for origin in
            ["http://evil.example", "https://localhost:80", "http://localhost:81", "http://localhost", "null", ""]
        {
            assert!(!with("Origin", origin), "{origin}");
        }
        assert!(with("Origin", "http://localhost:80"));
        for site in ["cross-site", "same-site", "", "x"] {
            assert!(!with("Sec-Fetch-Site", site), "{site}");
        }
        assert!(with("Sec-Fetch-Site", "same-origin") && with("Sec-Fetch-Site", "none"));
    }
}
