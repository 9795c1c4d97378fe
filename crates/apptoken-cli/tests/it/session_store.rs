//! Sessions that several machines share. Each home folder is a machine.

use std::process::Command;

use crate::sandbox::{Outcome, Sandbox};

const VARIABLE: &str = "KALTURA_SESSION_STORE";
/// Nobody listens there.
const UNREACHABLE: &str = "redis://app:hunter2@127.0.0.1:1";

fn with_store(sandbox: &Sandbox, url: &str, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.env(VARIABLE, url);
    command
}

#[test]
fn nothing_shows_the_password_of_the_store() {
    let sandbox = Sandbox::new();
    for arguments in [&["config", "show"][..], &["doctor"], &["login", "--verbose"], &["login", "--token-id", "x"]] {
        for url in [UNREACHABLE, "redis+sentinel://h/main?sentinel_password=hunter2", "app:hunter2@h", "hunter2"] {
            let Outcome { stdout, stderr, .. } = Outcome::of(with_store(&sandbox, url, arguments), "");
            assert!(!stdout.contains("hunter2") && !stderr.contains("hunter2"), "{arguments:?}: {stdout}{stderr}");
        }
    }
    let stderr = sandbox.run(&["config", "set", "session-store", UNREACHABLE]).failure(2);
    assert!(stderr.contains(VARIABLE) && !stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn the_program_of_exec_does_not_get_the_store() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["exec", "--", "env"]);
    command.env(VARIABLE, "");
    assert!(!Outcome::of(command, "").success().contains(VARIABLE));
}

#[cfg(not(feature = "redis"))]
#[test]
fn a_build_without_redis_names_the_feature() {
    let sandbox = Sandbox::new();
    let stderr = Outcome::of(with_store(&sandbox, UNREACHABLE, &["login"]), "").failure(5);
    assert!(stderr.contains("session-store: ") && stderr.contains("--features redis"), "{stderr}");
    let stdout = Outcome::of(with_store(&sandbox, UNREACHABLE, &["doctor"]), "").stdout;
    assert!(stdout.contains("FAIL  store") && stdout.contains("--features redis"), "{stdout}");
}

#[cfg(feature = "redis")]
mod with_redis {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Stdio};

    use super::*;

    /// A server on a socket, which ends with this value.
    struct RedisServer {
        process: Child,
        folder: tempfile::TempDir,
    }

    impl RedisServer {
        /// `None`, with a line that says so, if there is no server to start.
        fn start() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new("redis-server");
            command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(folder.path().join("redis.sock"));
            let Ok(mut process) = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn() else {
                #[expect(clippy::print_stderr, reason = "a skipped test says so")]
                {
                    eprintln!("SKIPPED: there is no redis-server on the path");
                }
                return None;
            };
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.contains("eady to accept connections")));
            // So that the server can write until it ends.
            std::thread::spawn(move || lines.for_each(drop));
            Some(Self { process, folder })
        }

        fn url(&self) -> String {
            format!("redis+unix://{}", self.folder.path().join("redis.sock").display())
        }
    }

    impl Drop for RedisServer {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    /// The program on another machine.
    fn on_machine(sandbox: &Sandbox, server: &RedisServer, machine: &str, arguments: &[&str]) -> Outcome {
        let mut command = with_store(sandbox, &server.url(), arguments);
        command.env("HOME", sandbox.path(machine));
        Outcome::of(command, "")
    }

    #[test]
    fn machines_share_one_login() {
        let (sandbox, Some(server)) = (Sandbox::new(), RedisServer::start()) else { return };
        let ks = on_machine(&sandbox, &server, "first", &["login"]).success();
        assert_eq!(on_machine(&sandbox, &server, "second", &["login"]).success(), ks);
        let of_program =
            on_machine(&sandbox, &server, "third", &["exec", "--", "sh", "-c", "echo $KALTURA_KS"]).success();
        assert_eq!(of_program, ks);
        on_machine(&sandbox, &server, "fourth", &["call", "user.get"]).success();
        let journal = sandbox.fake().journal();
        let counts = ["appToken.startSession", "session.startWidgetSession"].map(|action| journal.count(action));
        assert_eq!(counts, [1, 1]);
        assert!(!sandbox.path("first/.cache").exists(), "nothing is cached on the machine");
    }

    #[test]
    fn a_profile_can_name_the_store() {
        let (sandbox, Some(server)) = (Sandbox::new(), RedisServer::start()) else { return };
        sandbox.run(&["config", "set", "session-store", &server.url()]).success();
        let shown = sandbox.run(&["config", "show"]).success();
        assert!(shown.contains(&format!("session-store\t{}\tprofile default\n", server.url())), "{shown}");
        assert!(shown.contains("not used: sessions are in the session-store"), "{shown}");
        sandbox.run(&["login"]).success();
        on_machine(&sandbox, &server, "other", &["login"]).success();
        assert_eq!(sandbox.fake().journal().count("appToken.startSession"), 1);
    }

    #[test]
    fn doctor_checks_the_store_and_its_rights() {
        let (sandbox, Some(server)) = (Sandbox::new(), RedisServer::start()) else { return };
        let doctor = |url: &str| Outcome::of(with_store(&sandbox, url, &["doctor"]), "");
        let healthy = doctor(&server.url()).success();
        assert!(
            healthy.contains(&format!("ok    store     sessions are shared through {}, ", server.url())),
            "{healthy}"
        );
        // A user that does not exist.
        let refused = doctor(&server.url().replace("://", "://app:hunter2@"));
        assert!(refused.stdout.contains("FAIL  store") && refused.stdout.contains("the rights"), "{}", refused.stdout);
        assert_eq!(refused.code, Some(5));
        let mut bare = sandbox.bare(&["doctor"]);
        bare.env(VARIABLE, server.url());
        assert!(Outcome::of(bare, "").stdout.contains("skip  store"));
    }

    #[test]
    fn a_store_that_fails_is_reported_and_the_login_succeeds() {
        let sandbox = Sandbox::new();
        let outcome = Outcome::of(with_store(&sandbox, UNREACHABLE, &["login"]), "");
        assert!(
            outcome.stderr.contains("warning:") && outcome.stderr.contains("redis://127.0.0.1:1"),
            "{}",
            outcome.stderr
        );
        assert!(!outcome.success().is_empty());
        let checked = Outcome::of(with_store(&sandbox, UNREACHABLE, &["doctor"]), "");
        assert!(checked.stdout.contains("FAIL  store") && checked.stdout.contains("do: check the server"));
        assert_eq!(checked.code, Some(4));
    }

    #[test]
    fn a_wrong_url_is_refused_before_anything_is_sent() {
        let sandbox = Sandbox::new();
        let stderr = Outcome::of(with_store(&sandbox, "redis://a,b", &["login"]), "").failure(5);
        assert!(stderr.contains("session-store: ") && stderr.contains("redis+sentinel://"), "{stderr}");
        assert_eq!(sandbox.fake().journal().requests(), 0);
    }
}
