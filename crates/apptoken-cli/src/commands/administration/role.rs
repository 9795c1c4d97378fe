//! `apptoken role`.

use apptoken::AllPages;
use apptoken::api::user_role::{self, NewUserRole, UserRole, UserRoleChanges, UserRoleFilter};

use super::{change, progress_of, when};
use crate::cli::Context;
use crate::failure::Failure;
use crate::prompt;
use crate::setup::connect;
use crate::show::{json, table};

/// Looks after the account's roles: add, list, get, update, delete
#[derive(clap::Subcommand)]
#[command(after_help = "\
Examples:
  apptoken role list
  apptoken role add Importer --permission BASE_USER_SESSION_PERMISSION --permission CONTENT_INGEST_BASE
  apptoken role get 1234 --format json")]
pub(crate) enum Role {
    /// Adds a role
    #[command(after_help = "\
Examples:
  apptoken role add Importer --permission BASE_USER_SESSION_PERMISSION --permission CONTENT_INGEST_BASE
  apptoken role add Reader --permission BASE_USER_SESSION_PERMISSION
  apptoken role add Reader --permission BASE_USER_SESSION_PERMISSION --format json")]
    Add {
        /// Its name
        name: String,
        #[command(flatten)]
        properties: Properties,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Lists the roles of the account
    #[command(after_help = "\
Examples:
  apptoken role list
  apptoken role list --all
  apptoken role list --format json")]
    List {
        /// Those of Kaltura too, which every account can use
        #[arg(long)]
        all: bool,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Shows a role with its permissions
    #[command(after_help = "\
Examples:
  apptoken role get 1234
  apptoken role get 1234 --format json
  apptoken role get 1234 --profile prod")]
    Get {
        /// Its number
        id: i64,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Changes a role, for all users who have it
    #[command(after_help = "\
Examples:
  apptoken role update 1234 --name Importer
  apptoken role update 1234 --permission BASE_USER_SESSION_PERMISSION
  apptoken role update 1234 --permission BASE_USER_SESSION_PERMISSION --format json")]
    Update {
        /// Its number
        id: i64,
        /// Its new name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        properties: Properties,
        /// Text or an object
        #[arg(long, value_enum, default_value_t)]
        format: json::Format,
    },
    /// Deletes a role
    #[command(after_help = "\
Examples:
  apptoken role delete 1234
  apptoken role delete 1234 --yes
  apptoken role delete 1234 --profile prod")]
    Delete {
        /// Its number
        id: i64,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Properties {
    /// A permission; can be given several times, and replaces those that the role has
    #[arg(long = "permission", value_name = "NAME")]
    permissions: Vec<String>,
    /// A description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Role {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let admin = connect::admin(settings, console)?;
        match self {
            Self::Add { name, properties, format } => {
                let permissions: Vec<_> = properties.permissions.iter().map(String::as_str).collect();
                let mut new = NewUserRole::new(name, &permissions);
                new.description = properties.description;
                show(&admin.call(user_role::Add { user_role: new })?, format, context)
            }
            Self::List { all, format } => {
                let partner = if all { None } else { Some(i64::from(settings.partner()?.get())) };
                let filter = UserRoleFilter { partner_id_equal: partner, ..UserRoleFilter::default() };
                let list = user_role::List { filter, ..user_role::List::default() };
                let pages = AllPages::new(admin.endpoint().clone(), list, admin.session()?);
                let roles = admin.run(pages.on_page(progress_of(console, "roles")));
                console.clear_progress();
                let roles = roles?;
                if format.is_json() {
                    return json::write(console, &roles);
                }
                let rows: Vec<_> = roles
                    .iter()
                    .map(|role| {
                        let count = role.permission_names.split(',').filter(|name| !name.is_empty()).count();
                        vec![
                            role.id.to_string(),
                            role.name.clone(),
                            count.to_string(),
                            role.description.clone().unwrap_or_default(),
                        ]
                    })
                    .collect();
                table::write(console, &["id", "name", "permissions", "description"], &rows)
            }
            Self::Get { id, format } => show(&admin.call(user_role::Get { user_role_id: id })?, format, context),
            Self::Update { id, name, properties, format } => {
                let permissions = (!properties.permissions.is_empty()).then(|| properties.permissions.join(","));
                let changes = UserRoleChanges {
                    name,
                    permission_names: change(permissions),
                    description: change(properties.description),
                    ..UserRoleChanges::default()
                };
                if changes == UserRoleChanges::default() {
                    return Err(Failure::usage("there is nothing to change").cure("apptoken role update --help"));
                }
                show(&admin.call(user_role::Update { user_role_id: id, changes })?, format, context)
            }
            Self::Delete { id, yes } => {
                prompt::confirm(&format!("Delete the role {id}?"), yes)?;
                admin.call(user_role::Delete { user_role_id: id })?;
                console.note(&format!("the role {id} is deleted"));
                Ok(())
            }
        }
    }
}

fn show(role: &UserRole, format: json::Format, context: &Context<'_>) -> Result<(), Failure> {
    if format.is_json() {
        return json::write(context.console, role);
    }
    let pairs = [
        ("id", role.id.to_string()),
        ("name", role.name.clone()),
        ("status", format!("{:?}", role.status).to_lowercase()),
        ("permissions", role.permission_names.replace(',', ", ")),
        ("created", when(role.created_at)),
        ("description", role.description.clone().unwrap_or_default()),
    ];
    table::write_pairs(context.console, &pairs)
}
