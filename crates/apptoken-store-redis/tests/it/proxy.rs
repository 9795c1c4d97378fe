//! A proxy between the store and its server that causes trouble.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the proxy does with connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Forwards to the server at this port.
    Forward(u16),
    /// Answers nothing, for longer than any limit. The client sees the same as with a delay.
    Hang,
    /// Sends the start of a long answer, a byte at a time, without end.
    Drip,
    /// Answers with something else than Redis does.
    Garbage,
    /// Closes each connection.
    Cut,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: Arc<Mutex<(Mode, Vec<TcpStream>)>>,
}

impl Proxy {
    pub(crate) fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(Mutex::new((mode, Vec::new())));
        let shared = Arc::clone(&mode);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut shared = shared.lock().unwrap();
                shared.1.push(client.try_clone().unwrap());
                serve(client, shared.0);
            }
        });
        Self { port, mode }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Waits until a client is connected.
    pub(crate) fn wait_for_connection(&self) {
        while self.mode.lock().unwrap().1.is_empty() {
            thread::yield_now();
        }
    }

    /// Changes the mode, and closes the present connections.
    pub(crate) fn set(&self, mode: Mode) {
        let mut shared = self.mode.lock().unwrap();
        shared.0 = mode;
        for client in shared.1.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

fn serve(mut client: TcpStream, mode: Mode) {
    thread::spawn(move || match mode {
        Mode::Forward(port) => forward(client, port),
        Mode::Cut => drop(client.shutdown(Shutdown::Both)),
        Mode::Hang => drop(std::io::copy(&mut client, &mut std::io::sink())),
        Mode::Drip => {
            let mut answer = b"$1000000000\r\n".iter().copied().chain(std::iter::repeat(b'x'));
            while answer.next().is_some_and(|byte| client.write_all(&[byte]).is_ok()) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        Mode::Garbage => {
            while client.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>");
            }
        }
    });
}

fn forward(client: TcpStream, port: u16) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = std::io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
}
