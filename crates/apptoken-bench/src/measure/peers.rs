//! Other clients: a script with curl and openssl, and Kaltura's official clients for Node and Python.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Result, timed};

/// Each prints the seconds of a first login, and of a second session from the same widget session with the same client: what
/// is best for it.
const NODE: &str = "
const kaltura = require('kaltura-client'), crypto = require('crypto'), env = process.env;
const configuration = new kaltura.Configuration();
configuration.serviceUrl = env.KALTURA_SERVICE_URL;
configuration.setLogger({ log() {}, debug() {}, error() {}, info() {} });
const client = new kaltura.Client(configuration), seconds = () => Number(process.hrtime.bigint()) / 1e9;
const start = ks => {
  const hash = crypto.createHash('sha256').update(ks + env.KALTURA_APP_TOKEN).digest('hex');
  client.setKs(ks);
  return kaltura.services.appToken.startSession(env.KALTURA_APP_TOKEN_ID, hash).execute(client);
};
(async () => {
  const begun = seconds();
  const widget = await kaltura.services.session.startWidgetSession('_' + env.KALTURA_PARTNER_ID).execute(client);
  if (!(await start(widget.ks)).ks) throw new Error('no session');
  const between = seconds();
  console.log('first', between - begun);
  if (env.ONLY_FIRST) return;
  await start(widget.ks);
  console.log('renewal', seconds() - between);
})().catch(error => { console.error(error); process.exitCode = 1; });
";

const PYTHON: &str = r#"
import hashlib, os, time
from KalturaClient import KalturaClient, KalturaConfiguration
configuration = KalturaConfiguration()
configuration.serviceUrl = os.environ["KALTURA_SERVICE_URL"]
client = KalturaClient(configuration)
def start(ks):
    token_hash = hashlib.sha256((ks + os.environ["KALTURA_APP_TOKEN"]).encode()).hexdigest()
    client.setKs(ks)
    return client.appToken.startSession(os.environ["KALTURA_APP_TOKEN_ID"], token_hash).ks
begun = time.perf_counter()
widget = client.session.startWidgetSession("_" + os.environ["KALTURA_PARTNER_ID"]).ks
assert start(widget)
between = time.perf_counter()
print("first", between - begun)
if "ONLY_FIRST" not in os.environ:
    start(widget)
    print("renewal", time.perf_counter() - between)
"#;

/// A shell keeps no connection, so each of its requests opens one.
const SHELL: &str = r#"
set -e
url=$KALTURA_SERVICE_URL/api_v3/service
ks() { sed -n 's/.*"ks":"\([^"]*\)".*/\1/p' | grep .; }
[ -n "$WIDGET" ] || WIDGET=$(curl -sS "$url/session/action/startWidgetSession?format=1" -d "widgetId=_$KALTURA_PARTNER_ID" | ks)
hash=$(printf %s "$WIDGET$KALTURA_APP_TOKEN" | openssl dgst -sha256 -r | cut -d' ' -f1)
curl -sS "$url/appToken/action/startSession?format=1" --data-urlencode "ks=$WIDGET" \
  -d "id=$KALTURA_APP_TOKEN_ID" -d "tokenHash=$hash" | ks
"#;

/// The clients that this machine has.
pub(crate) struct Peers {
    pub(crate) shell: Option<Peer>,
    pub(crate) node: Option<Peer>,
    pub(crate) python: Option<Peer>,
}

/// A client that can run here.
pub(crate) struct Peer {
    program: String,
    arguments: [&'static str; 2],
    variables: Vec<(&'static str, String)>,
}

impl Peers {
    /// Finds the clients in this folder, or those that `node` and `python3` find by themselves. One that is not installed is
    /// named in the error stream and left out.
    pub(crate) fn find(folder: Option<&Path>) -> Result<Self> {
        let in_folder = |path: &str| folder.map(|folder| folder.join(path).display().to_string());
        let modules = in_folder("node_modules").or_else(|| env::var("NODE_PATH").ok()).unwrap_or_default();
        let python = in_folder("venv/bin/python").unwrap_or_else(|| "python3".into());
        let node = |script| Peer {
            program: "node".into(),
            arguments: ["-e", script],
            variables: vec![("NODE_PATH", modules.clone())],
        };
        let of = |program: &str, arguments| Peer { program: program.into(), arguments, variables: Vec::new() };
        let tools = "command -v curl && command -v openssl";
        Ok(Self {
            shell: of("sh", ["-c", SHELL]).if_runs(&of("sh", ["-c", tools])),
            node: node(NODE).if_runs(&node("require('kaltura-client')")),
            python: of(&python, ["-c", PYTHON]).if_runs(&of(&python, ["-c", "import KalturaClient"])),
        })
    }
}

impl Peer {
    /// Itself, if the command that needs the same tools succeeds.
    fn if_runs(self, probe: &Self) -> Option<Self> {
        let status = probe.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then_some(self)
    }

    pub(crate) fn command(&self, variables: &[(&'static str, String)]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).env_clear();
        command.env("PATH", env::var_os("PATH").unwrap_or_default()).env("HOME", env::temp_dir());
        command.envs(self.variables.iter().chain(variables).cloned());
        command
    }

    /// Runs it and returns the seconds that it printed by name, and those of the whole process by the name `process`.
    pub(crate) fn run(&self, variables: &[(&'static str, String)]) -> Result<BTreeMap<String, f64>> {
        let (output, seconds) = timed(|| self.command(variables).output());
        let output = output?;
        if !output.status.success() {
            return Err(format!("{} failed: {}", self.program, String::from_utf8_lossy(&output.stderr)).into());
        }
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let named = |line: &str| {
            let (name, seconds) = line.split_once(' ')?;
            Some((name.to_owned(), seconds.parse().ok()?))
        };
        Ok(printed.lines().filter_map(named).chain([("process".to_owned(), seconds)]).collect())
    }
}
