//! The server, in a separate process, so that the process that forks has a single thread.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::{env, thread};

use apptoken_core::Endpoint;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const SCHEME: &str = "APPTOKEN_TEST_SERVER";

/// The server, as the sending processes use it.
pub(crate) struct Server {
    process: Child,
    pub(crate) endpoint: Endpoint,
    /// The self-signed certificate of the server.
    pub(crate) certificate: String,
}

impl Server {
    /// Runs this program again as a server for `http` or `https`.
    pub(crate) fn start(scheme: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let mut process = command.env(SCHEME, scheme).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let endpoint = Endpoint::parse(&lines.next().unwrap()).unwrap();
        let is_end = |line: &String| line.starts_with("-----END");
        let mut certificate = String::new();
        while !certificate.lines().last().map(String::from).as_ref().is_some_and(is_end) {
            certificate += &(lines.next().unwrap() + "\n");
        }
        Self { process, endpoint, certificate }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Runs the server if this process was started as one.
pub(crate) fn run_if_wanted() -> bool {
    let Ok(scheme) = env::var(SCHEME) else { return false };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (certificate, config) = certificate();
    print!("{scheme}://{}\n{certificate}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, stream) in (1..).zip(listener.incoming()) {
            let (stream, config, scheme) = (stream.unwrap(), config.clone(), scheme.clone());
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || match scheme.as_str() {
                "https" => serve(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), number),
                _ => serve(stream, number),
            });
        }
    });
    // Standard input ends when the process that started this one ends.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    true
}

/// Replies to each request with its partner id and the number of the connection, until the connection is closed.
fn serve(mut stream: impl Read + Write, connection: u32) {
    let mut unread = Vec::new();
    while let Some(body) = read_request(&mut stream, &mut unread) {
        let partner =
            body.split("\"_").nth(1).and_then(|rest| rest.split('"').next()).expect("no widget in the request");
        let reply = format!("{partner} {connection}");
        let length = reply.len();
        // A client may have exited.
        let _ =
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{reply}").and_then(|()| stream.flush());
    }
}

/// The body of the next request.
fn read_request(stream: &mut impl Read, unread: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(unread).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
            if let Some(body) = rest.get(..length) {
                unread.drain(..head.len() + 4 + length);
                return Some(body.to_owned());
            }
        }
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return None,
            Ok(read) => unread.extend(bytes.iter().take(read)),
        }
    }
}

fn certificate() -> (String, Arc<ServerConfig>) {
    let signing_key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    (cert.pem(), config.with_single_cert(vec![cert.der().clone()], key).unwrap().into())
}
