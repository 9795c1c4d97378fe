//! The command line: what there is, and which command runs.

use std::env;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::arguments;
use crate::commands::administration::{provision, role, token, user};
use crate::commands::{call, completions, config, doctor, emulator, exec, hash, ks, login, man};
use crate::console::Console;
use crate::core_limit::CoreLimit;
use crate::failure::Failure;
use crate::setup::settings::{SettingOptions, Settings};

/// Kaltura sessions and app tokens: log in, run programs with a session, call the API, find out what is wrong.
#[derive(Parser)]
#[command(name = "apptoken", version, after_help = AFTER_HELP, disable_help_flag = true, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    settings: SettingOptions,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Secrets come from the environment, a file, standard input or the keyring, never from an argument.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by Kaltura, 4 network, 5 configuration, 130 Ctrl-C.

Examples:
  apptoken login
  apptoken exec --min-ttl 30m -- python sync.py
  apptoken call media.list filter:nameLike=intro --select objects.id,objects.name --paginate";

#[derive(Subcommand)]
enum Command {
    Login(login::Login),
    Exec(exec::Exec),
    Call(call::Call),
    Hash(hash::Hash),
    #[command(subcommand)]
    Ks(ks::KsCommand),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Token(token::Token),
    Provision(provision::Provision),
    #[command(subcommand)]
    User(user::User),
    #[command(subcommand)]
    Role(role::Role),
    #[command(subcommand)]
    Config(config::Config),
    Emulator(emulator::Emulator),
    Completions(completions::Completions),
    Man(man::Man),
}

/// What every command gets.
pub(crate) struct Context<'a> {
    pub(crate) console: &'a Console,
    pub(crate) settings: Settings,
    pub(crate) core_limit: CoreLimit,
}

pub(crate) fn run(console: &Console, core_limit: CoreLimit) -> Result<ExitCode, Failure> {
    let arguments: Vec<_> = env::args_os().collect();
    // All that follows is the other program's, also `--help`.
    if let [_, first, others @ ..] = &*arguments
        && first == "emulator"
    {
        return Err(emulator::run(others, core_limit));
    }
    arguments::refuse_secret_options(&arguments)?;
    let CommandLine { settings, command } = match CommandLine::try_parse_from(&arguments) {
        Ok(command_line) => command_line,
        Err(error) => return end_without_command(&error, console),
    };
    // These need no settings, so that they work with any configuration file.
    match command {
        Command::Completions(completions) => return completions.run(console).map(|()| ExitCode::SUCCESS),
        Command::Man(man) => return man.run(console).map(|()| ExitCode::SUCCESS),
        Command::Emulator(emulator) => return Err(emulator::run(&emulator.arguments, core_limit)),
        _ => {}
    }
    let settings = Settings::new(&settings)?;
    let context = Context { console, settings, core_limit };
    if !matches!(command, Command::Config(_)) {
        context.settings.check_profile()?;
    }
    match command {
        Command::Login(login) => login.run(&context)?,
        Command::Exec(exec) => return exec.run(&context),
        Command::Call(call) => return call.run(&context),
        Command::Hash(hash) => hash.run(&context)?,
        Command::Ks(ks) => ks.run(&context)?,
        Command::Doctor(doctor) => return doctor.run(&context),
        Command::Token(token) => token.run(&context)?,
        Command::Provision(provision) => provision.run(&context)?,
        Command::User(user) => user.run(&context)?,
        Command::Role(role) => role.run(&context)?,
        Command::Config(config) => config.run(context)?,
        Command::Completions(_) | Command::Man(_) | Command::Emulator(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole command line, for completions and man pages.
pub(crate) fn command() -> clap::Command {
    CommandLine::command()
}

/// Help and version are results; everything else is an error.
fn end_without_command(error: &clap::Error, console: &Console) -> Result<ExitCode, Failure> {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console.data(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            console.note_lines(&text);
            Ok(ExitCode::from(2))
        }
        _ => Err(arguments::usage_error(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All commands, and those in them.
    fn commands(of: &clap::Command) -> Vec<clap::Command> {
        let below = of.get_subcommands().flat_map(commands);
        [of.clone()].into_iter().chain(below).collect()
    }

    /// The calls of this program in a line for a shell.
    fn calls(line: &str) -> Vec<Vec<String>> {
        let call = |text: &str| {
            let text = text.get(text.find("apptoken ")?..)?;
            let end = text.find([')', '<', '>', '&']).unwrap_or(text.len());
            Some(text[..end].split_whitespace().map(|word| word.replace(['\'', '"'], "")).collect())
        };
        line.split(" | ").filter_map(call).collect()
    }

    #[test]
    fn each_help_ends_with_three_examples_that_can_be_run() {
        let mut checked = 0;
        for command in commands(&command()) {
            let name = command.get_name().to_owned();
            // Its help is that of another program.
            if name == "emulator" {
                continue;
            }
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let after = after.replace(" \\\n", " ");
            let examples: Vec<_> = after.split("Examples:\n").nth(1).unwrap_or_default().lines().collect();
            assert_eq!(examples.len(), 3, "{name}");
            for call in examples.iter().flat_map(|line| calls(line)) {
                // An example can have an argument of several words.
                let call: Vec<_> = call.iter().filter(|word| *word != "import").collect();
                let result = CommandLine::try_parse_from(&call);
                assert!(
                    result.is_ok(),
                    "{call:?}: {}",
                    result.err().map(|error| error.to_string()).unwrap_or_default()
                );
                checked += 1;
            }
        }
        assert!(checked > 100, "{checked}");
    }
}
