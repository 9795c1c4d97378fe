//! `apptoken user`.

use apptoken::api::user::{self, NewUser, UserChanges};
use serde_json::{Map, Value};

use super::{change, when};
use crate::cli::Context;
use crate::commands::call::{NamedAction, each_page};
use crate::failure::Failure;
use crate::prompt;
use crate::setup::connect::{self, Caller};
use crate::show::{json, table};

/// Looks after the account's users: add, list, get, update, delete
#[derive(clap::Subcommand)]
#[command(after_help = "\
Examples:
  apptoken user add importer@example.org --role-id 1234
  apptoken user list --format json
  apptoken user delete importer@example.org")]
pub(crate) enum User {
    /// Adds a user
    #[command(after_help = "\
Examples:
  apptoken user add importer@example.org
  apptoken user add importer@example.org --role-id 1234
  apptoken user add importer@example.org --screen-name 'Nightly import' --format json")]
    Add {
        /// The user's id
        id: String,
        #[command(flatten)]
        properties: Properties,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Lists the users
    #[command(after_help = "\
Examples:
  apptoken user list
  apptoken user list --format json
  apptoken user list --profile prod")]
    List {
        /// Text, or an object on each line
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Shows a user
    #[command(after_help = "\
Examples:
  apptoken user get importer@example.org
  apptoken user get importer@example.org --format json
  apptoken user get importer@example.org --profile prod")]
    Get {
        /// The user's id
        id: String,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Changes a user
    #[command(after_help = "\
Examples:
  apptoken user update importer@example.org --role-id 1234
  apptoken user update importer@example.org --screen-name 'Nightly import'
  apptoken user update importer@example.org --email team@example.org")]
    Update {
        /// The user's id
        id: String,
        #[command(flatten)]
        properties: Properties,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Deletes a user, and every app token of this user
    #[command(after_help = "\
Examples:
  apptoken user delete importer@example.org
  apptoken user delete importer@example.org --yes
  apptoken user delete importer@example.org --profile prod")]
    Delete {
        /// The user's id
        id: String,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Properties {
    /// The name that is shown
    #[arg(long, value_name = "NAME")]
    screen_name: Option<String>,
    /// The e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The id of a role; can be given several times, and replaces the roles that the user has
    #[arg(long = "role-id", value_name = "NUMBER")]
    role_ids: Vec<i64>,
    /// A description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Properties {
    fn roles(&self) -> Option<String> {
        let ids: Vec<_> = self.role_ids.iter().map(ToString::to_string).collect();
        (!ids.is_empty()).then(|| ids.join(","))
    }
}

impl User {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let admin = connect::admin(settings, console)?;
        match self {
            Self::Add { id, properties, format } => {
                let mut new = NewUser::new(id);
                new.role_ids = properties.roles();
                new.screen_name = properties.screen_name;
                new.email = properties.email;
                new.description = properties.description;
                show(&admin.call(user::Add { user: new })?, format, context)
            }
            Self::List { format } => list(&Caller::Admin(admin), format, context),
            Self::Get { id, format } => show(&admin.call(user::Get { user_id: Some(id) })?, format, context),
            Self::Update { id, properties, format } => {
                let changes = UserChanges {
                    role_ids: change(properties.roles()),
                    screen_name: change(properties.screen_name),
                    email: change(properties.email),
                    description: change(properties.description),
                    ..UserChanges::default()
                };
                if changes == UserChanges::default() {
                    return Err(Failure::usage("there is nothing to change").cure("apptoken user update --help"));
                }
                show(&admin.call(user::Update { user_id: id, changes })?, format, context)
            }
            Self::Delete { id, yes } => {
                prompt::confirm(&format!("Delete the user {id} and every app token of this user?"), yes)?;
                admin.call(user::Delete { user_id: id.clone() })?;
                console.note(&format!("{id} is deleted"));
                Ok(())
            }
        }
    }
}

fn show(user: &user::User, format: json::Format, context: &Context<'_>) -> Result<(), Failure> {
    if format.is_json() {
        return json::write(context.console, user);
    }
    let pairs = [
        ("id", user.id.clone()),
        ("name", user.screen_name.clone()),
        ("e-mail", user.email.clone().unwrap_or_default()),
        ("status", format!("{:?}", user.status).to_lowercase()),
        ("roles", user.role_names.clone()),
        ("role ids", user.role_ids.clone()),
        ("created", when(user.created_at)),
        ("description", user.description.clone()),
    ];
    table::write_pairs(context.console, &pairs)
}

fn list(caller: &Caller, format: json::Format, context: &Context<'_>) -> Result<(), Failure> {
    let console = context.console;
    let mut rows = Vec::new();
    each_page(caller, NamedAction::new("user.list", Map::new())?, console, |user| {
        if format.is_json() {
            return json::write_line(console, user);
        }
        let text = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        rows.push(vec![text("id"), text("screenName"), text("email"), text("roleNames")]);
        Ok(())
    })?;
    if format.is_json() { Ok(()) } else { table::write(console, &["id", "name", "e-mail", "roles"], &rows) }
}
