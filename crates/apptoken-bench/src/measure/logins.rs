//! Logins over a simulated round trip, beside the round trips that they need.

use std::net::SocketAddr;
use std::time::Duration;

use apptoken::{Client, Ks, Login};
use apptoken_bench::{Bar, Group, Row, median, shown_seconds};
use apptoken_emulator::Counts;

use super::peers::{Peer, Peers};
use super::server::Server;
use super::{Result, milliseconds, timed};

const ROUND_TRIPS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(80)];

const USERS: usize = 1000;

/// Measures all logins. The groups are those of the longest round trip, for the plot.
pub(crate) fn measure(peers: &Peers, rounds: usize) -> Result<(Vec<Row>, Vec<Group>)> {
    let server = Server::start()?;
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    for round_trip in ROUND_TRIPS {
        let figures = Figures::of(&server, round_trip, peers, rounds)?;
        rows.extend(figures.rows(round_trip));
        groups = figures.groups(round_trip);
    }
    Ok((rows, groups))
}

/// The seconds of each round.
#[derive(Default)]
struct Seconds {
    ours: Vec<f64>,
    shell: Vec<f64>,
    node: Vec<f64>,
    python: Vec<f64>,
    counts: String,
}

#[derive(Default)]
struct Figures {
    first: Seconds,
    stored: Seconds,
    renewal: Seconds,
    users: Seconds,
}

impl Figures {
    fn of(server: &Server, round_trip: Duration, peers: &Peers, rounds: usize) -> Result<Self> {
        let proxy = server.proxy(round_trip)?;
        let address = proxy.address();
        let mut figures = Self::default();
        for _ in 0..rounds {
            let widget = figures.measure_ours(server, address)?;
            figures.measure_peers(server, address, peers, &widget)?;
        }
        // The first round fills caches of the system, so it is one of those that the median leaves out.
        Ok(figures)
    }

    /// One round of ours; returns a widget session.
    fn measure_ours(&mut self, server: &Server, address: SocketAddr) -> Result<Ks> {
        let client = server.client(address)?;
        let session = self.first.add_ours(server, || client.login())??;
        let widget = session.widget().ok_or("the login got no widget session")?.ks.clone();

        let client = server.client(address)?;
        self.stored.add_ours(server, || login_with(&client, server, widget.clone()))??;

        let provider = server.builder(address)?.provider(server.credential()).build();
        provider.invalidate(provider.session()?.ks());
        self.renewal.add_ours(server, || provider.session())??;

        let provider = server.builder(address)?.provider(server.credential()).build();
        let users = (0..USERS).map(|number| format!("user{number}"));
        let sessions = self.users.add_ours(server, || provider.start_many(users))?;
        match sessions.iter().filter(|user| user.session.is_err()).count() {
            0 => Ok(widget),
            failed => Err(format!("{failed} of {USERS} users got no session").into()),
        }
    }

    fn measure_peers(&mut self, server: &Server, address: SocketAddr, peers: &Peers, widget: &Ks) -> Result<()> {
        let variables = server.variables(address);
        if let Some(shell) = &peers.shell {
            self.first.shell.push(seconds(shell, &variables, "process")?);
            let with_widget: Vec<_> = [variables.clone(), vec![("WIDGET", widget.expose().to_owned())]].concat();
            let renewal = seconds(shell, &with_widget, "process")?;
            self.stored.shell.push(renewal);
            self.renewal.shell.push(renewal);
        }
        for (peer, first, renewal) in [
            (&peers.node, &mut self.first.node, &mut self.renewal.node),
            (&peers.python, &mut self.first.python, &mut self.renewal.python),
        ] {
            let Some(peer) = peer else { continue };
            let printed = peer.run(&variables)?;
            first.extend(printed.get("first"));
            renewal.extend(printed.get("renewal"));
        }
        Ok(())
    }

    fn named(&self) -> [(&'static str, f64, &Seconds); 4] {
        [
            ("first login", 4.0, &self.first),
            ("login of a new process with a stored widget session", 3.0, &self.stored),
            ("renewal", 1.0, &self.renewal),
            // TCP and TLS, one request for the widget session, and ten of 100 users each.
            ("1,000 users", 13.0, &self.users),
        ]
    }

    fn rows(&self, round_trip: Duration) -> Vec<Row> {
        let rows = self.named().map(|(name, round_trips, seconds)| {
            let limit = round_trip.as_secs_f64() * round_trips;
            let ours = median(&seconds.ours);
            let excess = if limit > 0.0 { format!(" (+{:.1} %)", 100.0 * (ours / limit - 1.0)) } else { String::new() };
            let limit = format!("{} ({round_trips} round trips)", shown_seconds(limit));
            Row {
                what: format!("{name}, round trip of {}", milliseconds(round_trip)),
                ours: format!("{}{excess}", shown_seconds(ours)),
                limit: if round_trip.is_zero() { String::new() } else { limit },
                shell: shown(&seconds.shell),
                node: shown(&seconds.node),
                python: shown(&seconds.python),
                counts: seconds.counts.clone(),
            }
        });
        rows.into()
    }

    fn groups(&self, round_trip: Duration) -> Vec<Group> {
        let groups = self.named().into_iter().take(3).map(|(name, round_trips, seconds)| {
            let bars = [
                ("round trips", vec![round_trip.as_secs_f64() * round_trips]),
                ("apptoken", seconds.ours.clone()),
                ("curl + openssl", seconds.shell.clone()),
                ("Node client", seconds.node.clone()),
                ("Python client", seconds.python.clone()),
            ];
            let measured = bars.into_iter().filter(|(_, seconds)| !seconds.is_empty());
            let bars = measured.map(|(name, seconds)| Bar {
                name: name.into(),
                value: median(&seconds),
                shown: shown(&seconds),
                is_ours: name == "apptoken",
            });
            Group { title: name.into(), bars: bars.collect() }
        });
        groups.collect()
    }
}

impl Seconds {
    /// Measures work of ours, and what the server counts meanwhile.
    fn add_ours<T>(&mut self, server: &Server, work: impl FnOnce() -> T) -> Result<T> {
        let before = server.counts();
        let (done, seconds) = timed(work);
        self.ours.push(seconds);
        self.counts = difference(before, server.counts());
        Ok(done)
    }
}

fn difference(before: Counts, after: Counts) -> String {
    let handshakes = |counts: Counts| counts.full_handshakes + counts.resumed_handshakes;
    format!(
        "{}, {}, {}",
        after.requests - before.requests,
        after.connections - before.connections,
        handshakes(after) - handshakes(before)
    )
}

fn login_with(client: &Client, server: &Server, widget: Ks) -> Result<apptoken::Session> {
    let login = Login::new(client.endpoint().clone(), server.credential());
    let exchange = login.start_with_or_widget(widget, client.now())?;
    Ok(client.drive(exchange).map_err(|stopped| stopped.error)?)
}

fn seconds(peer: &Peer, variables: &[(&'static str, String)], name: &str) -> Result<f64> {
    peer.run(variables)?.get(name).copied().ok_or_else(|| format!("a client did not print {name}").into())
}

fn shown(seconds: &[f64]) -> String {
    if seconds.is_empty() { String::new() } else { shown_seconds(median(seconds)) }
}
