//! Starts servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, KeyPair};

/// A server that ends with this value.
pub(crate) struct RedisServer {
    process: Child,
    pub(crate) port: u16,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) certificate: Option<String>,
    arguments: Vec<String>,
    /// The port for the other nodes of a cluster.
    bus: String,
}

/// Whether there is a server to start; says so if not.
pub(crate) fn has_redis() -> bool {
    let found = program().is_some();
    if !found {
        eprintln!("SKIPPED: there is neither redis-server nor valkey-server on the path");
    }
    found
}

/// Like [`has_redis`], for a server that was compiled with TLS.
pub(crate) fn has_redis_with_tls() -> bool {
    let Some(program) = program().filter(|_| has_redis()) else { return false };
    // It ends with an error in any case: there is no certificate.
    let output = Command::new(program).args(["--port", "0", "--tls-port", "1"]).output().unwrap();
    let found = ![output.stdout, output.stderr].iter().any(|text| {
        let text = String::from_utf8_lossy(text);
        text.contains("Failed finding TLS support") || text.contains("Bad directive")
    });
    if !found {
        eprintln!("SKIPPED: the server was compiled without TLS");
    }
    found
}

/// `APPTOKEN_TEST_REDIS` names another program than the first one that is there.
fn program() -> Option<String> {
    let wanted = std::env::var("APPTOKEN_TEST_REDIS").ok();
    let runs = |program: &String| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    wanted.or_else(|| ["redis-server", "valkey-server"].map(str::to_owned).into_iter().find(runs))
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these settings of `redis-server` too.
    pub(crate) fn with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, free_port(), settings, None)
    }

    /// A server that accepts TLS only.
    pub(crate) fn with_tls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
        let [certificate_path, key_path] = ["server.pem", "server.key"].map(|name| path_in(folder.path(), name));
        fs::write(&certificate_path, &certificate).unwrap();
        fs::write(&key_path, key.serialize_pem()).unwrap();
        let port = free_port();
        let settings = [
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &certificate_path,
            "--tls-key-file",
            &key_path,
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &certificate_path,
            "--port",
            "0",
        ];
        Self::start_in(folder, port, &settings, Some(certificate))
    }

    /// A node of a cluster, which has no slots and knows no other node yet.
    pub(crate) fn cluster_node() -> Self {
        // The default is the port and 10,000, which can be too great.
        let bus = free_port().to_string();
        let mut node =
            Self::with(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-announce-ip", "127.0.0.1"]);
        node.bus = bus;
        node
    }

    /// A sentinel that watches the server at this port as `main`.
    pub(crate) fn sentinel(of: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let settings = path_in(folder.path(), "sentinel.conf");
        fs::write(&settings, format!("port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {of} 1\n")).unwrap();
        let process = run(folder.path(), &[settings, "--sentinel".to_owned()], "+monitor master main");
        Self { process, port, folder, certificate: None, arguments: Vec::new(), bus: String::new() }
    }

    fn start_in(folder: tempfile::TempDir, port: u16, settings: &[&str], certificate: Option<String>) -> Self {
        let socket = path_in(folder.path(), "redis.sock");
        let basic = ["--bind", "127.0.0.1", "--port", &port.to_string(), "--unixsocket", &socket, "--save", ""]
            .map(str::to_owned);
        let arguments: Vec<String> =
            basic.into_iter().chain(settings.iter().map(|setting| (*setting).to_owned())).collect();
        let process = run(folder.path(), &arguments, "eady to accept connections");
        Self { process, port, folder, certificate, arguments, bus: String::new() }
    }

    pub(crate) fn url(&self) -> String {
        match self.certificate {
            Some(_) => format!("rediss://localhost:{}", self.port),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    pub(crate) fn socket(&self) -> String {
        path_in(self.folder.path(), "redis.sock")
    }

    /// Sends a command.
    pub(crate) fn command(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(format!("redis+unix://{}", self.socket())).unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut client.get_connection()?)
    }

    pub(crate) fn text(&self, words: &[&str]) -> String {
        redis::from_redis_value(self.command(words).unwrap()).unwrap()
    }

    /// The names of all keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        redis::from_redis_value(self.command(&["KEYS", "*"]).unwrap()).unwrap()
    }

    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts again, without the data.
    pub(crate) fn start_again(&mut self) {
        self.process = run(self.folder.path(), &self.arguments, "eady to accept connections");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn path_in(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Starts the server and waits for this line.
fn run(folder: &Path, arguments: &[String], ready: &str) -> Child {
    let mut process =
        Command::new(program().unwrap()).args(arguments).current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut seen = Vec::new();
    let started = lines.by_ref().any(|line| {
        seen.push(line);
        seen.last().is_some_and(|line| line.contains(ready))
    });
    assert!(started, "the server did not start: {seen:#?}");
    // Until the server ends, so that it can write.
    std::thread::spawn(move || lines.for_each(drop));
    process
}
