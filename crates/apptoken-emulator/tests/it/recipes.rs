//! The recipes of the guide and the tests of the page of examples, run as they are. A recipe whose tools are missing is skipped with a message.
//!
//! `RECIPE_TOOLS` can name a folder with the official clients: `venv` for Python and `node_modules` for Node.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::command::Process;

const GUIDE: &str = include_str!("../../docs/guide.md");
const EXAMPLES: &str = include_str!("../../docs/examples.md");

/// The tests of a user: they reach the emulator, and have the settings of the account in `accounts.json`.
const RUN_THE_TESTS: &str = r#"#!/bin/sh
set -eu
curl --silent --fail "$KALTURA_SERVICE_URL/__health"
echo "$KALTURA_PARTNER_ID $KALTURA_APP_TOKEN_ID $KALTURA_APP_TOKEN $KALTURA_APP_TOKEN_HASH_TYPE $KALTURA_ADMIN_SECRET"
"#;

const RESULT: &str = "ok\n102 0_importer 0123456789abcdef0123456789abcdef SHA256 an-admin-secret\n";

/// A folder of a user who follows a recipe: with the emulator on the path, `accounts.json` and `run-the-tests`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        fs::create_dir(folder.path("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_apptoken-emulator"), folder.path("bin/apptoken-emulator")).unwrap();
        // `cargo install` has put the emulator there.
        folder.script("bin/cargo", "#!/bin/sh\n[ \"$*\" = 'install apptoken-emulator' ]\n");
        folder.script("run-the-tests", RUN_THE_TESTS);
        fs::write(folder.path("accounts.json"), recipe("Your own accounts", "json")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .stdin(Stdio::null());
        command
    }

    /// Runs a script. Processes that it leaves in the background are killed afterwards.
    fn sh(&self, script: &str) -> String {
        let output = self.path("output");
        let file = fs::File::create(&output).unwrap();
        let mut child = self.command("sh").args(["-ec", script]).process_group(0).stdout(file).spawn().unwrap();
        let status = child.wait().unwrap();
        // It fails if no process of the group remains.
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{script}");
        fs::read_to_string(&output).unwrap()
    }
}

/// The code of a language in a section of the guide.
fn recipe(section: &str, language: &str) -> &'static str {
    code(GUIDE, section, language)
}

/// The code of a language in a section of a page.
fn code(page: &'static str, section: &str, language: &str) -> &'static str {
    let (_, section) = page.split_once(&format!("\n## {section}\n")).expect("the page has the section");
    let section = section.split("\n## ").next().unwrap();
    let (_, code) = section.split_once(&format!("```{language}\n")).expect("the section has such code");
    code.split_once("```").unwrap().0
}

/// The value of a key in YAML, for the forms in the guide: a text in its line, or a block of lines after `|`.
fn yaml_values(yaml: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut values = Vec::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let text = text.strip_prefix("- ").unwrap_or(text);
        let Some((key, value)) = text.split_once(": ").filter(|(key, _)| is_wanted(key)) else { continue };
        let mut value = value.trim_matches('"').to_owned();
        if value == "|" {
            value.clear();
            while let Some(more) =
                lines.next_if(|more| more.len() - more.trim_start().len() > indent + 2 || more.is_empty())
            {
                value += more;
                value.push('\n');
            }
        }
        values.push((key.to_owned(), value));
    }
    values
}

/// Whether a program can be started and ends well.
fn has(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn tool(path: &str) -> Option<PathBuf> {
    std::env::var_os("RECIPE_TOOLS").map(|folder| Path::new(&folder).join(path)).filter(|path| path.exists())
}

fn succeeded(output: &Output) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
}

#[test]
fn the_shell_recipe_runs_and_leaves_nothing_behind() {
    if !has("curl", &["--version"]) {
        return eprintln!("skipped: curl is not installed");
    }
    let folder = Folder::new();
    // The recipe ends with its tests; the ready file disappears when its emulator has ended.
    let wait = "for _ in $(seq 100); do [ -e emulator.env ] || break; sleep 0.1; done";
    let script = format!("({}\n)\n{wait}", recipe("POSIX shell", "sh"));
    assert_eq!(folder.sh(&script), RESULT);
    let mut left: Vec<_> = fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["accounts.json", "bin", "emulator.log", "output", "run-the-tests"]);
}

#[test]
fn the_recipes_fail_if_the_emulator_does_not_start() {
    let gitlab = list_items(recipe("GitLab", "yaml")).join("\n");
    let github = github_steps().join("\n");
    for script in [recipe("POSIX shell", "sh"), &gitlab, &github] {
        let folder = Folder::new();
        fs::write(folder.path("accounts.json"), "{").unwrap();
        let mut command = folder.command("sh");
        command.args(["-ec", script]).env("RUNNER_TEMP", folder.0.path()).env("GITHUB_ENV", folder.path("github-env"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{script}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("expected JSON (line 1, column 1)"), "{script}");
    }
}

#[test]
fn the_github_recipe_runs() {
    if !has("curl", &["--version"]) {
        return eprintln!("skipped: curl is not installed");
    }
    let folder = Folder::new();
    let quoted: Vec<String> = github_steps().iter().map(|step| format!("'{}'", step.replace('\'', r"'\''"))).collect();
    // Each step is a shell of its own, with the variables that earlier steps wrote: lines NAME=value without quotes.
    let runner = format!(
        r#"export RUNNER_TEMP="$PWD" GITHUB_ENV="$PWD/github-env"
        for step in {}; do
            sh -ec "$step"
            if [ -e github-env ]; then while IFS= read -r line; do export "$line"; done <github-env; fi
        done"#,
        quoted.join(" ")
    );
    assert_eq!(folder.sh(&runner), RESULT);
}

#[test]
fn the_gitlab_recipe_runs() {
    if !has("curl", &["--version"]) {
        return eprintln!("skipped: curl is not installed");
    }
    assert_eq!(Folder::new().sh(&list_items(recipe("GitLab", "yaml")).join("\n")), RESULT);
}

/// Without an engine: both services run here, with the variables of the recipe.
#[test]
fn the_compose_recipe_runs() {
    let folder = Folder::new();
    let (emulator, tests) = recipe("Compose", "yaml").split_once("\n  tests:\n").unwrap();
    let variables = |yaml| -> BTreeMap<String, String> {
        let is_variable = |key: &str| key.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        yaml_values(yaml, is_variable).into_iter().collect()
    };
    let (emulator, tests) = (variables(emulator), variables(tests));
    let mut command = Command::new(env!("CARGO_BIN_EXE_apptoken-emulator"));
    command.envs(&emulator).env("APPTOKEN_EMULATOR_CONFIG", folder.path("accounts.json")).stdout(Stdio::piped());
    let process = Process::of(&mut command);

    let config = apptoken::Config::from_lookup(|name| Ok(tests.get(name).cloned())).unwrap();
    assert!(config.endpoint.as_str().starts_with("http://kaltura:8080"), "{}", config.endpoint.as_str());
    let here = apptoken::Endpoint::parse_allowing_unencrypted_http(process.url()).unwrap();
    let session = apptoken::Builder::new(here).client(config.credential).login().unwrap();
    assert_eq!(session.user_id(), "importer");
    let reset = |token: &str| {
        let mut client = process.client();
        client.send(format!(
            "POST /__control/reset HTTP/1.1\r\nHost: kaltura:8080\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
        ));
        client.reply().unwrap().status
    };
    assert_eq!((reset(&tests["CONTROL_TOKEN"]), reset("other")), (204, 403));
}

#[test]
fn the_pytest_recipe_runs() {
    run_pytest(recipe("Python", "python"));
}

#[test]
fn the_example_of_a_session_that_ends_while_paging_runs() {
    run_pytest(code(EXAMPLES, "Python: a session that ends while paging", "python"));
}

fn run_pytest(code: &str) {
    let python = tool("venv/bin/python").unwrap_or_else(|| "python3".into());
    if !has(&python, &["-c", "import pytest, KalturaClient"]) {
        return eprintln!("skipped: pytest and the official client are not installed");
    }
    let folder = Folder::new();
    fs::write(folder.path("test_recipe.py"), code).unwrap();
    let mut pytest = folder.command(&python);
    succeeded(&pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_recipe.py"]).output().unwrap());
}

#[test]
fn the_node_recipe_runs() {
    run_node(recipe("Node", "js"));
}

#[test]
fn the_example_of_an_answer_of_the_tests_own_runs() {
    run_node(code(EXAMPLES, "Node: an answer of the test's own", "js"));
}

fn run_node(code: &str) {
    let Some(modules) = tool("node_modules").filter(|_| has("node", &["--test", "--version"])) else {
        return eprintln!("skipped: node and the official client are not installed");
    };
    let folder = Folder::new();
    symlink(modules, folder.path("node_modules")).unwrap();
    fs::write(folder.path("recipe.test.mjs"), code).unwrap();
    succeeded(&folder.command("node").args(["--test", "recipe.test.mjs"]).output().unwrap());
}

/// The scripts of the steps, each in its own shell.
fn github_steps() -> Vec<String> {
    let steps = yaml_values(recipe("GitHub Actions", "yaml"), |key| key == "run");
    steps.into_iter().map(|(_, script)| script).collect()
}

/// The items of lists.
fn list_items(yaml: &str) -> Vec<&str> {
    yaml.lines().filter_map(|line| line.trim_start().strip_prefix("- ")).collect()
}
