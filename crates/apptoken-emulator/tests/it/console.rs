//! The page for people, and who gets it.

use std::net::Ipv4Addr;

use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::Fake;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::client::{Client, Reply};

const FILES: [&str; 2] = ["/", "/__console/main.js"];

fn get(emulator: &Emulator, target: &str, host: &str, further: &str) -> Reply {
    let mut client = Client::connect(emulator);
    client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{further}\r\n"));
    client.reply().unwrap()
}

/// An emulator that other machines may reach, on a loopback address all the same.
fn open_to_others() -> Options {
    Options::new().listen((Ipv4Addr::LOCALHOST, 0).into()).allow_other_machines()
}

#[test]
fn the_page_and_its_files_are_served() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    assert_eq!(emulator.console_url(), Some(format!("{}/", emulator.url())));
    for (file, kind) in FILES.into_iter().zip(["text/html; charset=utf-8", "text/javascript; charset=utf-8"]) {
        let reply = get(&emulator, file, "localhost", "");
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)), "{file}");
        assert!(!reply.body.is_empty());
    }
    // The page is neither counted nor in the journal.
    assert_eq!((emulator.counts().requests, emulator.fake().journal().requests()), (0, 0));
}

#[test]
fn every_file_that_the_page_names_is_served() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let page = get(&emulator, "/", "localhost", "").text().to_owned();
    let names: Vec<&str> = page
        .split('"')
        .filter(|text| text.starts_with("/__console/"))
        .map(|name| name.split('#').next().unwrap())
        .collect();
    assert!(!names.is_empty());
    for name in names {
        assert_eq!(get(&emulator, name, "localhost", "").status, 200, "{name}");
    }
    assert_eq!(get(&emulator, "/__console/nope.js", "localhost", "").status, 404);
}

#[test]
fn the_page_runs_only_its_own_files() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for file in FILES {
        let reply = get(&emulator, file, "localhost", "");
        let policy = reply.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split(';').any(|each| each.trim() == rule), "{file}: {policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{file}");
        }
    }
    // What such a policy forbids, and no address of another server.
    let page = get(&emulator, "/", "localhost", "").text().to_owned();
    for forbidden in ["style=", "onclick=", "onload=", "src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn the_page_contains_the_only_style_sheet_that_counts() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let page = get(&emulator, "/", "localhost", "");
    let (_, style) = page.text().split_once("<style>").unwrap();
    let (style, rest) = style.split_once("</style>").unwrap();
    let rule = format!("style-src 'sha256-{}'", STANDARD.encode(Sha256::digest(style)));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.split(';').any(|each| each.trim() == rule), "{policy}");
    assert!(!rest.contains("<style") && !page.text().contains("stylesheet"));
}

#[test]
fn a_file_is_sent_again_only_if_it_has_changed() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let first = get(&emulator, "/", "localhost", "");
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let tag = first.header("etag").unwrap();
    let again = get(&emulator, "/", "localhost", &format!("If-None-Match: \"x\", {tag}\r\n"));
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
    assert_eq!(get(&emulator, "/", "localhost", "If-None-Match: \"x\"\r\n").status, 200);
    let compressed = get(&emulator, "/", "localhost", "Accept-Encoding: gzip\r\n");
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
}

#[test]
fn a_rebound_host_name_does_not_get_the_page() {
    let emulator = Options::new().control_host("emulator.test").start(Fake::new()).unwrap();
    for file in FILES {
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            let reply = get(&emulator, file, host, "");
            assert_eq!(reply.status, 403, "{file} at {host}");
            assert!(!reply.text().contains("<html"), "{file} at {host}");
        }
        for host in ["localhost:1", "127.0.0.1", "[::1]:80", "emulator.test"] {
            assert_eq!(get(&emulator, file, host, "").status, 200, "{file} at {host}");
        }
    }
}

#[test]
fn other_pages_cannot_read_the_page() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    for file in FILES {
        for header in [
            "Origin: http://evil.example\r\n",
            "Origin: null\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
        ] {
            assert_eq!(get(&emulator, file, "localhost", header).status, 403, "{file} with {header}");
        }
        for header in ["Sec-Fetch-Site: none\r\n", "Sec-Fetch-Site: same-origin\r\n", "Origin: http://localhost\r\n"] {
            assert_eq!(get(&emulator, file, "localhost", header).status, 200, "{file} with {header}");
        }
    }
}

#[test]
fn the_page_is_off_when_other_machines_are_let_in() {
    let closed = open_to_others().start(Fake::new()).unwrap();
    assert_eq!(closed.console_url(), None);
    for file in FILES {
        let reply = get(&closed, file, "localhost", "");
        assert_eq!((reply.status, reply.header("server")), (404, Some("Apache")), "{file}");
    }
    let asked_for = open_to_others().console().start(Fake::new()).unwrap();
    for file in FILES {
        assert_eq!(get(&asked_for, file, "localhost", "").status, 200, "{file}");
    }
}

#[test]
fn the_page_is_readable_without_the_control_token() {
    let emulator = open_to_others().console().control_token("t0ken").start(Fake::new()).unwrap();
    // A browser sends no token when it opens the page, which then asks for it.
    assert_eq!(get(&emulator, "/", "localhost", "").status, 200);
    assert_eq!(get(&emulator, "/", "evil.example", "").status, 403);
    assert_eq!(get(&emulator, "/__control/state", "localhost", "Authorization: Bearer wrong\r\n").status, 403);
    assert_eq!(get(&emulator, "/__control/state", "localhost", "Authorization: Bearer t0ken\r\n").status, 200);
}

#[test]
fn the_paths_of_kaltura_stay_as_they_are() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    let status = |reply: Reply| (reply.status, reply.header("server").map(str::to_owned));
    assert_eq!(status(client.call("POST", "/", "")), (404, Some("Apache".to_owned())));
    assert_eq!(status(client.get("/index.php")), (404, Some("Apache".to_owned())));
    assert_eq!(status(client.get("/api_v3")), (301, Some("Apache".to_owned())));
    assert_eq!(client.call("POST", "/__console/main.js", "").status, 405);
}

/// The programs are run: by `clients/run.sh` with the official clients, and by the tests of the examples.
#[test]
fn the_blocks_to_copy_are_programs_that_tests_run() {
    let blocks = include_str!("../../src/console/page/snippets.js");
    for program in [
        include_str!("../../clients/programs/whoami.py"),
        include_str!("../../clients/programs/whoami.mjs"),
        include_str!("../../../../examples/whoami.rs"),
    ] {
        // As a template of JavaScript.
        let escaped = program.trim_end().replace('`', r"\`").replace("${", r"\${");
        let block = format!("return `{}`;", escaped.replace("sha256", "${digest}"));
        assert!(blocks.contains(&block), "snippets.js does not contain:\n{block}");
    }
}
