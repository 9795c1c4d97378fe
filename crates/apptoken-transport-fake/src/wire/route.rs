//! Routes a path as the Apache configuration of the server does.

use crate::php::form::{Plus, decode};
use crate::php::{Array, Key, Value};

/// The target of a request.
pub(crate) enum Route {
    /// The API, with the parameters of the path.
    Api {
        path: Array,
    },
    /// The path of the API without its trailing slash, which is redirected.
    AddSlash,
    NotFound,
    /// A path with invalid percent encoding.
    BadRequest,
}

/// The script of the API.
pub(crate) const SCRIPT: &str = "/api_v3/index.php";

/// These path segments are never parameters.
const SCRIPT_PARTS: [&str; 3] = ["", "api_v3", "index.php"];

impl Route {
    pub(crate) fn of(path: &str) -> Self {
        if !path.starts_with('/') {
            return Self::BadRequest;
        }
        if path.contains('%') {
            if path.contains("%00") || !is_encoded(path) {
                return Self::BadRequest;
            }
            if path.contains("%2f") || path.contains("%2F") {
                return Self::NotFound;
            }
        }
        let path = decode(path.as_bytes(), Plus::IsPlus);
        let path = String::from_utf8_lossy(&path);
        let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
        match parts.next() {
            Some("api_v3") => {}
            // Apache rewrites `/api/` to the script of the API, with everything that follows as its path. So a service
            // URL that ends in `/api` works, to which clients add `/api_v3`.
            Some("api") if parts.peek().is_some() || path.ends_with('/') => return Self::Api { path: pairs(parts) },
            _ => return Self::NotFound,
        }
        match parts.peek() {
            None if !path.ends_with('/') => return Self::AddSlash,
            None | Some(&"index.php" | &"service") => {}
            Some(_) => return Self::NotFound,
        }
        Self::Api { path: pairs(parts) }
    }
}

/// Reads pairs of names and values. The name `0` ends them, because PHP treats it as false. The first of equal names
/// wins.
fn pairs<'a>(parts: impl Iterator<Item = &'a str>) -> Array {
    let mut parts = parts.filter(|part| !SCRIPT_PARTS.contains(part));
    let mut params = Array::new();
    while let Some(name) = parts.next().filter(|name| *name != "0") {
        let value = parts.next().map_or(Value::Bool(false), Value::text);
        params.entry(Key::from(name)).or_insert(value);
    }
    params
}

/// Whether every `%` is followed by two hex digits.
fn is_encoded(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(path: &str) -> Vec<(String, String)> {
        match Route::of(path) {
            Route::Api { path } => path
                .iter()
                .map(|(name, value)| (name.to_text().into_owned(), crate::php::cast::to_text(value).into_owned()))
                .collect(),
            _ => panic!("{path} is not routed to the API"),
        }
    }

    #[test]
    fn a_path_is_read_as_names_and_values() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let start = [pair("service", "session"), pair("action", "start")];
        assert_eq!(params("/api_v3/service/session/action/start"), start);
        assert_eq!(params("/api_v3/index.php/service/session/action/start"), start);
        assert_eq!(params("//api_v3///service/session//action/start/"), start);
        assert_eq!(params("/api/service/session/action/start"), start);
        assert_eq!(params("/api/api_v3/service/session/action/start"), start);
        assert_eq!(params("/api/api_v3/index.php/service/session/action/start"), start);
        assert_eq!(params("/api/"), []);
        assert_eq!(params("/api/api_v3"), []);
        assert_eq!(params("/api/x/y"), [pair("x", "y")]);
        assert_eq!(params("/api_v3/"), []);
        assert_eq!(params("/api_v3/service/a/action/"), [pair("service", "a"), pair("action", "")]);
        assert_eq!(params("/api_v3/service/a/id/x%20y/id/z"), [pair("service", "a"), pair("id", "x y")]);
        assert_eq!(params("/api_v3/service/a/0/b/c/d"), [pair("service", "a")]);
    }

    #[test]
    fn other_paths_do_not_reach_the_api() {
        assert!(matches!(Route::of("/api_v3"), Route::AddSlash));
        for path in [
            "/",
            "/nope",
            "/api",
            "/apix/service/a",
            "/api_v3x/",
            "/api_v3/nope",
            "/api_v3/service/a%2Fb",
            "/index.php",
        ] {
            assert!(matches!(Route::of(path), Route::NotFound), "{path}");
        }
        for path in ["", "api_v3/", "/api_v3/%", "/api_v3/%zz", "/api_v3/service/%00"] {
            assert!(matches!(Route::of(path), Route::BadRequest), "{path}");
        }
    }
}
