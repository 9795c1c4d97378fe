//! `apptoken completions`.

use clap_complete::Shell;

use crate::cli;
use crate::console::Console;
use crate::failure::Failure;

/// Prints the completions for a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  apptoken completions bash > ~/.local/share/bash-completion/completions/apptoken
  apptoken completions zsh > ~/.zfunc/_apptoken
  apptoken completions fish > ~/.config/fish/completions/apptoken.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, console: &Console) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut cli::command(), "apptoken", &mut text);
        console.data(&text)
    }
}
