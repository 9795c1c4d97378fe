use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitStatus};
use std::thread;
use std::time::Duration;

use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{Call, Endpoint, Exchange, Moment, PartnerId, Transport as _, UnixSeconds};
use apptoken_transport_ureq::UreqTransport;
use fork::{Fork, fork, waitpid, waitpid_nohang};
use ureq::Agent;

use crate::server::{self, Server};

/// A limit that only a broken test reaches.
const LONG: Duration = Duration::from_secs(10);
const FORKS: u32 = 100;
/// The number of children that send at the same time.
const CHILDREN: usize = 10;
/// The exit code of a child that panicked.
const PANICKED: i32 = 101;

pub(crate) fn main() {
    // Tools that list the tests of this binary get an empty list.
    if server::run_if_wanted() || env::args().any(|argument| argument == "--list") {
        return;
    }
    let tests: &[(&str, fn())] = &[
        ("no_process_gets_the_reply_of_another_over_http", || share_with_children("http")),
        ("no_process_gets_the_reply_of_another_over_tls", || share_with_children("https")),
        ("no_process_gets_the_reply_of_another_with_an_agent", share_an_agent_with_children),
        ("a_child_leaves_the_connection_of_its_parent_open", leave_the_connection_open),
        #[cfg(target_os = "linux")]
        ("a_child_closes_its_copies_of_the_connections", close_the_copies),
        ("a_stop_in_a_child_is_not_one_of_its_parent", stop_in_a_child),
    ];
    for (name, test) in tests {
        test();
        println!("test fork::{name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", tests.len());
}

fn share_with_children(scheme: &str) {
    let server = Server::start(scheme);
    let transport = transport(&server);
    send_beside_children(&server, &transport, 30);
    // Each child had one connection; the next one is that of a new transport.
    assert_eq!(ask(&self::transport(&server), &server, 1), Ok(FORKS + 2));
}

/// An agent of the caller can have a special connector, so the child cannot create another one. But it does not use the
/// pool.
fn share_an_agent_with_children() {
    let server = Server::start("http");
    let agent = Agent::config_builder().timeout_global(Some(LONG)).proxy(None).build().new_agent();
    let requests = 5;
    send_beside_children(&server, &UreqTransport::from_agent(agent), requests);
    assert_eq!(ask(&transport(&server), &server, 1), Ok(FORKS * requests + 2));
}

/// Forks while a connection is open, and sends in all processes at the same time, with this many requests in each
/// child.
fn send_beside_children(server: &Server, transport: &UreqTransport, requests: u32) {
    let mut numbers = 1_000_000..;
    let mut ask_in_parent = || ask(transport, server, numbers.next().unwrap()) != Ok(1);
    let mut wrong_in_parent = u32::from(ask_in_parent());
    let mut wrong_in_children = 0;
    let mut children = Vec::new();
    for child in 1..=FORKS {
        children.push(start_child(|| {
            let numbers = child * 1000..child * 1000 + requests;
            numbers.filter(|number| ask(transport, server, *number).is_err()).count().try_into().unwrap()
        }));
        while children.len() >= CHILDREN || (child == FORKS && !children.is_empty()) {
            wrong_in_parent += u32::from(ask_in_parent());
            children.retain(|child| match waitpid_nohang(*child).unwrap() {
                Some(status) => {
                    wrong_in_children += exit_code(status);
                    false
                }
                None => true,
            });
        }
    }
    // The parent still uses the first connection.
    assert_eq!((wrong_in_parent, wrong_in_children), (0, 0), "wrong replies, in the parent and in its children");
}

fn leave_the_connection_open() {
    let ends: [fn(&Server, UreqTransport); 4] = [
        |_, transport| drop(transport),
        |_, transport| transport.stop(),
        |server, transport| assert!(ask(&transport, server, 2).is_ok()),
        |server, transport| run_child(|| assert!(ask(&transport, server, 3).is_ok())),
    ];
    for scheme in ["http", "https"] {
        let server = Server::start(scheme);
        let mut transport = Some(transport(&server));
        for end in ends {
            assert_eq!(ask(transport.as_ref().unwrap(), &server, 1), Ok(1), "{scheme}");
            // The parent keeps its connection even if the child closes its copy.
            run_child(|| end(&server, transport.take().unwrap()));
        }
        assert_eq!(ask(transport.as_ref().unwrap(), &server, 4), Ok(1), "{scheme}");
    }
}

#[cfg(target_os = "linux")]
fn close_the_copies() {
    let sockets = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap();
        let targets = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    };
    for scheme in ["http", "https"] {
        let server = Server::start(scheme);
        let transport = transport(&server);
        assert_eq!(ask(&transport, &server, 1), Ok(1));
        let before = sockets();
        run_child(|| {
            assert_eq!(ask(&transport, &server, 2), Ok(2));
            assert_eq!(sockets(), before, "{scheme}");
        });
    }
}

/// Only here has the process that forks a second thread. It waits in a system call then, so no lock stays locked in a
/// child.
fn stop_in_a_child() {
    let server = Server::start("http");
    let transport = transport(&server);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let caller = transport.clone();
    let call = thread::spawn(move || caller.send(exchange(&endpoint, 1).request()).map(drop));
    let (mut connection, _) = silent.accept().unwrap();
    connection.read_exact(&mut [0; 5]).unwrap();

    run_child(|| {
        transport.stop();
        assert!(ask(&transport, &server, 2).is_err());
    });
    run_child(|| {
        assert_eq!(ask(&transport, &server, 3), Ok(1));
        transport.stop();
        assert!(ask(&transport, &server, 4).is_err());
    });
    connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    call.join().unwrap().expect("the call of the parent was stopped");
    assert_eq!(ask(&transport, &server, 5), Ok(2));

    // A stop before the fork also applies to the child.
    transport.stop();
    run_child(|| assert!(ask(&transport, &server, 6).is_err()));
}

fn transport(server: &Server) -> UreqTransport {
    let builder = UreqTransport::builder().root_certificates(server.certificate.as_str());
    builder.total_timeout(LONG).build().unwrap()
}

/// Sends the number as a partner id, and returns the number of the connection of the reply.
fn ask(transport: &UreqTransport, server: &Server, number: u32) -> Result<u32, String> {
    let reply =
        transport.send(exchange(&server.endpoint, number).request()).map_err(|failure| format!("{failure:?}"))?;
    let reply = String::from_utf8_lossy(reply.body());
    match reply.split_once(' ') {
        Some((partner, connection)) if partner == number.to_string() => Ok(connection.parse().unwrap()),
        _ => Err(format!("{number} was sent, and {reply} is the reply")),
    }
}

fn exchange(endpoint: &Endpoint, number: u32) -> Exchange<Call<StartWidgetSession>> {
    let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
    let action = StartWidgetSession::of(PartnerId::new(number).unwrap());
    Call::new(endpoint.clone(), action).start(now).unwrap()
}

/// Forks. The child runs this function, and its result is the exit code.
fn start_child(work: impl FnOnce() -> i32) -> i32 {
    match fork().unwrap() {
        Fork::Parent(child) => child,
        // A panic must not unwind into code of the parent, such as the server.
        Fork::Child => process::exit(catch_unwind(AssertUnwindSafe(work)).unwrap_or(PANICKED)),
    }
}

/// Forks, and waits for a child that must not fail.
fn run_child(work: impl FnOnce()) {
    let child = start_child(|| {
        work();
        0
    });
    assert_eq!(exit_code(waitpid(child).unwrap()), 0, "the child failed");
}

fn exit_code(status: i32) -> i32 {
    ExitStatus::from_raw(status).code().expect("the child was killed")
}
