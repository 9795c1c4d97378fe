//! The run: processes, the trouble, and what is counted.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use apptoken::api::user;
use apptoken::{
    Builder, Config, Endpoint, Event, HashType, HttpRequest, HttpResponse, Observer, Origin, PartnerId, Transport,
    TransportFailure, UreqTransport,
};
use apptoken_emulator::Emulator;
use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::{Account, Fake, FakeClock, Token, TokenSpec};
use rustix::process::{Pid, Signal, kill_process};

/// What a run does.
pub(crate) struct Settings {
    pub(crate) processes: usize,
    pub(crate) duration: Duration,
    /// There is a token for each, with sessions of this length.
    pub(crate) lifetimes: Vec<Duration>,
    /// The port of Redis.
    pub(crate) redis: u16,
}

/// What a run counted. The logins are those of the server's journal.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) calls: u64,
    pub(crate) logins: u64,
    pub(crate) widget_sessions: u64,
    /// The logins that the processes reported, by what the store reported before.
    pub(crate) logins_by_cause: BTreeMap<String, u64>,
    /// For each token: its lifetime in seconds, and the logins in each lifetime of the run.
    pub(crate) logins_per_lifetime: Vec<(u64, Vec<u64>)>,
    /// Sessions that the server refused although they had just been handed out.
    pub(crate) dead: u64,
    /// Sessions of another user or token than the process asked for.
    pub(crate) foreign: u64,
    pub(crate) kills: u64,
    pub(crate) pauses: u64,
    pub(crate) cuts_of_groups: u64,
    pub(crate) cuts_of_connections: u64,
    /// Processes without a call that succeeded in the last lifetime, after the trouble ended.
    pub(crate) not_recovered: usize,
    /// How long the last process took after the trouble ended.
    pub(crate) recovered_after: Duration,
}

impl Figures {
    /// The largest mean over the tokens, in thousandths.
    fn worst_mean(&self) -> u64 {
        let mean = |counts: &Vec<u64>| counts.iter().sum::<u64>() * 1000 / (counts.len() as u64).max(1);
        self.logins_per_lifetime.iter().map(|(_, counts)| mean(counts)).max().unwrap_or_default()
    }

    pub(crate) fn is_good(&self) -> bool {
        self.worst_mean() <= 2000 && (self.dead, self.foreign, self.not_recovered) == (0, 0, 0)
    }
}

pub(crate) const TOKEN: &str = "KALTURA_APP_TOKEN_ID";
const LINK: &str = "APPTOKEN_CHAOS_LINK";
const USER: &str = "APPTOKEN_CHAOS_USER";
const STORE: &str = "KALTURA_SESSION_STORE";

/// The processes of a group lose their connections together.
const GROUPS: usize = 10;

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

#[allow(dead_code, reason = "the tests have their own")]
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One process: takes the session again and again, and checks it with a call.
pub(crate) fn work() {
    let Ok(Config { endpoint, credential, .. }) = Config::from_env() else { return };
    let (link, user) = (PathBuf::from(std::env::var_os(LINK).unwrap()), std::env::var(USER).unwrap());
    let transport = Link { down: link, transport: UreqTransport::new() };
    let store = RedisStore::from_env().unwrap();
    let own_token = credential.id.clone();
    let builder = Builder::with_transport(endpoint, transport);
    let client = builder.clone().client(credential.clone());
    let provider = builder.provider(credential).store(store).observer(Causes::default()).build().for_user(&user);
    let mut random = Random::new(u64::from(std::process::id()));
    loop {
        let asked = Instant::now();
        let word = match provider.session() {
            Ok(session) if session.user_id() != user || *session.app_token() != own_token => "foreign",
            Ok(session) => match client.call(session.ks(), user::Get::default()) {
                Ok(found) if found.id.as_str() != user => "foreign",
                Ok(_) => "ok",
                Err(error) => {
                    let is_dead = provider.report(session.ks(), &error) && asked.elapsed() < Duration::from_secs(1);
                    if is_dead { "dead" } else { "failed" }
                }
            },
            Err(_) => "failed",
        };
        println!("\nprinted: {word}");
        thread::sleep(Duration::from_millis(500 + random.below(1000)));
    }
}

/// Prints each login, with what the store reported before.
#[derive(Default)]
struct Causes(Mutex<Option<String>>);

impl Observer for Causes {
    fn observe(&self, event: &Event<'_>) {
        let mut cause = self.0.lock().unwrap();
        match event {
            Event::RenewalStarted { .. } => *cause = None,
            Event::StoreFailed { error, .. } => {
                let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                *cause = Some(format!("{:?}{source}", error.kind()));
            }
            Event::RenewalSucceeded { from: Origin::Login, .. } => {
                println!("\nlogin: {}", cause.as_deref().unwrap_or("under the lock"));
            }
            _ => {}
        }
    }
}

/// A transport whose link is down while a file is there.
struct Link {
    down: PathBuf,
    transport: UreqTransport,
}

impl Transport for Link {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        if self.down.exists() {
            Err(TransportFailure::not_sent("the link is down"))
        } else {
            self.transport.send(request)
        }
    }
}

/// A generator of numbers that need not be good.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// A process, and when its last call succeeded.
struct Member {
    process: Child,
    last_success: Arc<Mutex<Option<Instant>>>,
}

/// A group's way to Redis.
struct Gate {
    port: u16,
    is_down: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    fn to(redis: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Self { port, is_down: Arc::default(), connections: Arc::default() };
        let (is_down, connections) = (Arc::clone(&gate.is_down), Arc::clone(&gate.connections));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_down.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", redis)) else { continue };
                let mut connections = connections.lock().unwrap();
                connections.retain(|connection| connection.peer_addr().is_ok());
                connections.push(client.try_clone().unwrap());
                for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        gate
    }

    fn set_down(&self, down: bool) {
        self.is_down.store(down, Ordering::SeqCst);
        if down {
            self.cut_connections();
        }
    }

    fn cut_connections(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// Everything of a run.
struct Fleet<'a> {
    settings: &'a Settings,
    command: &'a dyn Fn() -> Command,
    endpoint: Endpoint,
    tokens: Vec<Token>,
    gates: Vec<Gate>,
    folder: tempfile::TempDir,
    words: Arc<Words>,
}

#[derive(Default)]
struct Words {
    ok: AtomicU64,
    dead: AtomicU64,
    foreign: AtomicU64,
    logins: Mutex<BTreeMap<String, u64>>,
}

impl Fleet<'_> {
    fn link(&self, group: usize) -> PathBuf {
        self.folder.path().join(format!("link-{group}-is-down"))
    }

    fn start(&self, number: usize) -> Member {
        let token = &self.tokens[number % self.tokens.len()];
        let group = number / self.tokens.len() % GROUPS;
        let mut process = (self.command)()
            .env("KALTURA_SERVICE_URL", self.endpoint.as_str())
            .env("KALTURA_PARTNER_ID", partner().to_string())
            .env(TOKEN, token.id.as_str())
            .env("KALTURA_APP_TOKEN", token.secret.expose())
            .env("KALTURA_APP_TOKEN_HASH_TYPE", "SHA256")
            .env(USER, format!("user{}", number % self.tokens.len()))
            .env(LINK, self.link(group))
            .env(STORE, format!("redis://127.0.0.1:{}", self.gates[group].port))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let last_success: Arc<Mutex<Option<Instant>>> = Arc::default();
        let (lines, words, last) = (
            BufReader::new(process.stdout.take().unwrap()).lines(),
            Arc::clone(&self.words),
            Arc::clone(&last_success),
        );
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(cause) = line.trim().strip_prefix("login: ") {
                    *words.logins.lock().unwrap().entry(cause.to_owned()).or_default() += 1;
                }
                match line.trim().strip_prefix("printed: ") {
                    Some("ok") => {
                        words.ok.fetch_add(1, Ordering::SeqCst);
                        *last.lock().unwrap() = Some(Instant::now());
                    }
                    Some("dead") => drop(words.dead.fetch_add(1, Ordering::SeqCst)),
                    Some("foreign") => drop(words.foreign.fetch_add(1, Ordering::SeqCst)),
                    _ => {}
                }
            }
        });
        Member { process, last_success }
    }
}

/// Runs the processes and the trouble.
pub(crate) fn run(settings: &Settings, command: impl Fn() -> Command) -> Figures {
    let emulator =
        Emulator::start(Fake::builder().clock(FakeClock::running()).journal_capacity(20_000).build()).unwrap();
    emulator.fake().add_account(Account::new(partner()));
    let token = |(number, lifetime)| {
        let spec = TokenSpec::new(HashType::Sha256).user(&format!("user{number}")).duration(lifetime);
        emulator.fake().add_token(partner(), spec)
    };
    let fleet = Fleet {
        settings,
        command: &command,
        endpoint: emulator.endpoint().clone(),
        tokens: settings.lifetimes.iter().copied().enumerate().map(token).collect(),
        gates: (0..GROUPS).map(|_| Gate::to(settings.redis)).collect(),
        folder: tempfile::tempdir().unwrap(),
        words: Arc::default(),
    };
    let began = emulator.fake().clock().time().0;
    let mut members: Vec<Member> = (0..settings.processes).map(|number| fleet.start(number)).collect();
    let mut figures = Figures::default();
    let mut tally = Tally::default();
    make_trouble(&fleet, &mut members, &mut figures, || tally.update(&emulator));
    let trouble_ended = emulator.fake().clock().time().0;
    recover(&fleet, &members, &mut figures);
    for member in &mut members {
        let _ = member.process.kill();
        let _ = member.process.wait();
    }
    tally.update(&emulator);
    count_logins(&fleet, tally, began..trouble_ended, &mut figures);
    figures.calls = fleet.words.ok.load(Ordering::SeqCst);
    figures.dead = fleet.words.dead.load(Ordering::SeqCst);
    figures.foreign = fleet.words.foreign.load(Ordering::SeqCst);
    figures.logins_by_cause = std::mem::take(&mut fleet.words.logins.lock().unwrap());
    figures
}

/// What of the trouble ends later.
enum End {
    Pause(usize),
    Group(usize),
}

fn make_trouble(fleet: &Fleet<'_>, members: &mut [Member], figures: &mut Figures, mut count: impl FnMut()) {
    let mut random = Random::new(20_26);
    let (began, settings) = (Instant::now(), fleet.settings);
    let mut ends: Vec<(Instant, End)> = Vec::new();
    let mut counted = began;
    // All processes are killed, paused and cut off several times in ten minutes.
    let step = Duration::from_millis((40_000 / settings.processes as u64).min(1000));
    let longest_pause = settings.lifetimes.iter().min().map_or(0, |lifetime| lifetime.as_millis() as u64);
    while began.elapsed() < settings.duration {
        thread::sleep(step);
        if counted.elapsed() > Duration::from_secs(5) {
            counted = Instant::now();
            count();
        }
        let due = ends.extract_if(.., |(at, _)| *at <= Instant::now()).map(|(_, end)| end).collect::<Vec<_>>();
        due.into_iter().for_each(|end| end_trouble(fleet, members, end));
        let number = random.below(members.len() as u64) as usize;
        match random.below(10) {
            0..4 => {
                let _ = members[number].process.kill();
                let _ = members[number].process.wait();
                members[number] = fleet.start(number);
                figures.kills += 1;
            }
            4..7 => {
                signal(&members[number], Signal::STOP);
                let pause = Duration::from_millis(random.below(longest_pause));
                ends.push((Instant::now() + pause, End::Pause(number)));
                figures.pauses += 1;
            }
            7 => {
                let group = random.below(GROUPS as u64) as usize;
                fs::File::create(fleet.link(group)).and_then(|mut file| file.write_all(b"1")).unwrap();
                fleet.gates[group].set_down(true);
                ends.push((Instant::now() + Duration::from_millis(random.below(10_000)), End::Group(group)));
                figures.cuts_of_groups += 1;
            }
            _ => {
                fleet.gates[random.below(GROUPS as u64) as usize].cut_connections();
                figures.cuts_of_connections += 1;
            }
        }
    }
    ends.into_iter().for_each(|(_, end)| end_trouble(fleet, members, end));
}

fn end_trouble(fleet: &Fleet<'_>, members: &[Member], end: End) {
    match end {
        End::Pause(number) => signal(&members[number], Signal::CONT),
        End::Group(group) => {
            // A link that returns brings back both at once. With the other order, a slow disk would make it an outage of
            // Redis alone, in which each process logs in by itself.
            fleet.gates[group].set_down(false);
            let _ = fs::remove_file(fleet.link(group));
        }
    }
}

fn signal(member: &Member, signal: Signal) {
    if let Some(process) = i32::try_from(member.process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(process, signal);
    }
}

/// Waits until each process has had a call that succeeded, for one lifetime at most.
fn recover(fleet: &Fleet<'_>, members: &[Member], figures: &mut Figures) {
    let ended = Instant::now();
    let longest = fleet.settings.lifetimes.iter().max().copied().unwrap_or_default();
    let has_recovered = |member: &&Member| member.last_success.lock().unwrap().is_some_and(|success| success > ended);
    loop {
        let recovered = members.iter().filter(has_recovered).count();
        figures.not_recovered = members.len() - recovered;
        figures.recovered_after = ended.elapsed();
        if figures.not_recovered == 0 || ended.elapsed() > longest {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The logins and widget sessions of the journal, which drops old entries.
#[derive(Default)]
struct Tally {
    last_number: u64,
    widget_sessions: Vec<i64>,
    /// By the id of the token.
    logins: BTreeMap<String, Vec<i64>>,
}

impl Tally {
    fn update(&mut self, emulator: &Emulator) {
        let journal = emulator.fake().journal();
        let seen = self.last_number;
        let new = journal.entries().filter(|entry| entry.number > seen);
        for (expected, entry) in (seen + 1..).zip(new) {
            assert_eq!(entry.number, expected, "the journal dropped entries that were not counted");
            self.last_number = entry.number;
            match &*entry.action {
                "session.startWidgetSession" => self.widget_sessions.push(entry.at),
                "appToken.startSession" if entry.outcome == "ok" => {
                    let id = entry.parameters.iter().find(|(name, _)| name == "id").and_then(|(_, id)| id.clone());
                    self.logins.entry(id.unwrap_or_default()).or_default().push(entry.at);
                }
                _ => {}
            }
        }
    }
}

fn count_logins(fleet: &Fleet<'_>, tally: Tally, time: std::ops::Range<i64>, figures: &mut Figures) {
    let within = |times: &[i64]| times.iter().filter(|at| time.contains(at)).count() as u64;
    figures.widget_sessions = within(&tally.widget_sessions);
    for (token, lifetime) in fleet.tokens.iter().zip(&fleet.settings.lifetimes) {
        let length = (lifetime.as_secs() as i64).max(1);
        let lifetimes = ((time.end - time.start) / length).max(1) as usize;
        let logins = tally.logins.get(token.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let mut counts = vec![0; lifetimes];
        for at in logins {
            if let Some(count) = counts.get_mut(((at - time.start) / length) as usize) {
                *count += 1;
            }
        }
        figures.logins += within(logins);
        figures.logins_per_lifetime.push((lifetime.as_secs(), counts));
    }
}
