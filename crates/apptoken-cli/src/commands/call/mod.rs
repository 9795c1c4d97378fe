//! `apptoken call`: any action of the API.

mod action;
mod batch;
mod dry_run;
mod pages;
mod parameters;
mod select;

use std::process::ExitCode;

use serde_json::Value;

pub(crate) use self::action::{NamedAction, only_reads};
pub(crate) use self::pages::each_page;
use self::select::Selection;
use crate::cli::Context;
use crate::failure::Failure;
use crate::setup::connect::Caller;
use crate::setup::session::SessionArguments;
use crate::show::json;

/// Calls any action of Kaltura's API with a session, and prints the result as JSON
#[derive(clap::Args)]
#[command(after_help = "\
A parameter is key=text, key:=JSON, key=@FILE or key=@- (standard input); a key inside an object has colons, as in
filter:nameLike=intro. A secret such as a password is read from a file, never from an argument.

Examples:
  apptoken call media.list filter:nameLike=intro pager:pageSize:=10 --select objects.id,objects.name
  apptoken call user.update userId=alice user:email=alice@example.org --as admin --dry-run
  jq -c '{service: \"media\", action: \"get\", entryId: .id}' ids.jsonl | apptoken call --batch")]
pub(crate) struct Call {
    /// The action, such as media.list
    #[arg(value_name = "SERVICE.ACTION", required_unless_present = "batch", conflicts_with = "batch")]
    action: Option<String>,
    /// The parameters
    #[arg(value_name = "KEY=VALUE", conflicts_with = "batch")]
    parameters: Vec<String>,
    /// The session that calls
    #[arg(long = "as", value_enum, default_value_t = Authority::Token, value_name = "WHO")]
    authority: Authority,
    /// Prints only these fields of the result, such as objects.id,objects.name
    #[arg(long, value_name = "PATHS")]
    select: Option<Selection>,
    /// Reads all pages of a list, and prints each object on a line
    #[arg(long, conflicts_with = "batch")]
    paginate: bool,
    /// Shows the request without its secrets, and sends nothing
    #[arg(long, conflicts_with_all = ["batch", "paginate"])]
    dry_run: bool,
    /// Reads calls from standard input, a JSON object with service, action and parameters on each line
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    session: SessionArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Authority {
    /// The app token's session
    Token,
    /// The account's admin secret
    Admin,
    /// An anonymous session
    Widget,
    /// No session
    None,
}

impl Call {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let Context { console, settings, .. } = context;
        if self.batch {
            return batch::run(&self.caller(context)?, self.select.as_ref(), console);
        }
        let name = self.action.as_deref().unwrap_or_default();
        let parameters = parameters::parse(&self.parameters)?;
        let action = NamedAction::new(name, parameters.values)?;
        if self.dry_run {
            let has_session = self.authority != Authority::None;
            dry_run::run(settings.endpoint()?, &action, has_session, &parameters.from_files, console)?;
            return Ok(ExitCode::SUCCESS);
        }
        let caller = self.caller(context)?;
        if self.paginate {
            pages::run(&caller, action, self.select.as_ref(), console)?;
        } else {
            let result = caller.call(action)?;
            match &self.select {
                Some(selection) => selection.write(&result, console)?,
                None => write_result(&result, context)?,
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn caller(&self, context: &Context<'_>) -> Result<Caller, Failure> {
        let Context { console, settings, .. } = context;
        match self.authority {
            Authority::Token => Caller::of_token(settings, self.session.options(), console),
            Authority::Admin => Caller::of_admin(settings),
            Authority::Widget => Caller::of_widget(settings),
            Authority::None => Caller::anonymous(settings),
        }
    }
}

/// An action that returns nothing prints nothing.
fn write_result(result: &Value, context: &Context<'_>) -> Result<(), Failure> {
    if result.is_null() { Ok(()) } else { json::write(context.console, result) }
}
