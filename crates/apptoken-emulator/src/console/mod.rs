//! The console: a page for people at `/`, whose files are part of the program.
//!
//! All that the page does goes through the API of Kaltura and the control interface, so its files hold no secret and
//! nothing that a test cannot do.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use apptoken_transport_fake::{WireReply, WireRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const PREFIX: &str = "/__console/";

/// A file of the page.
struct File {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/console.css");

/// What `STYLE` replaces in `INDEX`.
const STYLE_LINK: &str = r#"<link rel="stylesheet" href="console.css">"#;

/// The file at `/`. It contains the style sheet, so that the first paint does not wait for a second file.
static PAGE: LazyLock<File> = LazyLock::new(|| {
    let page = INDEX.replace(STYLE_LINK, &format!("<style>{STYLE}</style>"));
    File { name: "", kind: HTML, content: page.leak() }
});

/// The files under `/__console/`.
const FILES: &[File] = &[
    File { name: "accounts.js", kind: SCRIPT, content: include_str!("page/accounts.js") },
    File { name: "call.js", kind: SCRIPT, content: include_str!("page/call.js") },
    File { name: "checks.js", kind: SCRIPT, content: include_str!("page/checks.js") },
    File { name: "dom.js", kind: SCRIPT, content: include_str!("page/dom.js") },
    File { name: "emulator.js", kind: SCRIPT, content: include_str!("page/emulator.js") },
    File { name: "format.js", kind: SCRIPT, content: include_str!("page/format.js") },
    File { name: "header.js", kind: SCRIPT, content: include_str!("page/header.js") },
    File { name: "icon.svg", kind: SVG, content: include_str!("page/icon.svg") },
    File { name: "journal.js", kind: SCRIPT, content: include_str!("page/journal.js") },
    File { name: "login.js", kind: SCRIPT, content: include_str!("page/login.js") },
    File { name: "main.js", kind: SCRIPT, content: include_str!("page/main.js") },
    File { name: "panels.js", kind: SCRIPT, content: include_str!("page/panels.js") },
    File { name: "secrets.js", kind: SCRIPT, content: include_str!("page/secrets.js") },
    File { name: "session.js", kind: SCRIPT, content: include_str!("page/session.js") },
    File { name: "snippets.js", kind: SCRIPT, content: include_str!("page/snippets.js") },
    File { name: "steps.js", kind: SCRIPT, content: include_str!("page/steps.js") },
    File { name: "timeline.js", kind: SCRIPT, content: include_str!("page/timeline.js") },
];

/// Only scripts of this program run, only its style sheet counts, and only this program is called. No page of another
/// origin can show the console.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'sha256-{style}'; connect-src 'self'; img-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// What every file has besides the policy. No page of another origin can read a file. Browsers that obey
/// `Cross-Origin-Opener-Policy` also say which origin opens a window, and the console is refused there. So that header would
/// only add a new process to each start.
const PROTECTION: [(&str, &str); 4] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    // A browser asks each time, and gets the file again only if it has changed.
    ("Cache-Control", "no-cache"),
];

/// Whether a request is for the page or one of its files. Kaltura has no such paths, except that its web server answers
/// other methods at `/`.
pub(crate) fn is_for(request: &WireRequest) -> bool {
    let path = path(request);
    path.starts_with(PREFIX) || (path == "/" && is_read(request))
}

/// The reply to a request of a checked caller.
pub(crate) fn reply(request: &WireRequest) -> WireReply {
    let path = path(request);
    let file = match path.strip_prefix(PREFIX) {
        Some(name) => FILES.iter().find(|file| file.name == name),
        None => Some(&*PAGE),
    };
    let Some(file) = file else { return with_headers(404, &[("Content-Type", "text/plain")], "no such file\n") };
    if !is_read(request) {
        return with_headers(405, &[("Allow", "GET, HEAD")], "");
    }
    let tag = entity_tag(file.content);
    if request.header("If-None-Match").is_some_and(|known| known.split(',').any(|each| each.trim() == tag)) {
        return with_headers(304, &[("ETag", &tag)], "");
    }
    let content = if request.method == "HEAD" { "" } else { file.content };
    with_headers(200, &[("Content-Type", file.kind), ("ETag", &tag)], content)
}

fn path(request: &WireRequest) -> &str {
    request.target.split(['?', '#']).next().unwrap_or_default()
}

fn is_read(request: &WireRequest) -> bool {
    matches!(&*request.method, "GET" | "HEAD")
}

/// It is weak, because the file is also sent compressed.
fn entity_tag(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn with_headers(status: u16, headers: &[(&'static str, &str)], body: &str) -> WireReply {
    let policy = [("Content-Security-Policy", POLICY.as_str())];
    let headers = headers.iter().chain(&policy).chain(&PROTECTION);
    let headers = headers.map(|(name, value)| ((*name).into(), (*value).to_owned().into()));
    WireReply { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn the_page_has_less_than_100_kb() {
        let size: usize = FILES.iter().chain([&*PAGE]).map(|file| file.content.len()).sum();
        assert!(size < 100_000, "{size} bytes");
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/console/page")).unwrap();
        let names: BTreeSet<String> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let served = FILES
            .iter()
            .map(|file| file.name.to_owned())
            .chain(["index.html", "console.css"].map(str::to_owned))
            .collect();
        assert_eq!(names, served);
    }

    #[test]
    fn the_page_never_reads_text_as_html_or_a_script() {
        for file in FILES.iter().chain([&*PAGE]) {
            for word in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\"", "onclick=\""]
            {
                assert!(!file.content.contains(word), "{}: {word}", file.name);
            }
        }
    }
}
