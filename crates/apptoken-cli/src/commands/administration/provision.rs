//! `apptoken provision`.

use std::time::Duration;

use apptoken::Privileges;
use apptoken::admin::{ServiceExpiry, ServiceRole};
use serde_json::Map;

use super::handover::HandoverArguments;
use crate::cli::Context;
use crate::commands::call::NamedAction;
use crate::failure::Failure;
use crate::setup::connect;
use crate::values;

/// Makes sure that a program has its user, role and app token, and that the token works
#[derive(clap::Args)]
#[command(after_help = "\
It can be run again at any time: what exists stays, what is missing is added, and what differs is an error.

Examples:
  apptoken provision importer --user importer@example.org --privileges 'list:*' --to importer.env
  apptoken provision importer --user importer@example.org --role Importer --permission BASE_USER_SESSION_PERMISSION \\
    --permission CONTENT_INGEST_BASE --proof media.list
  apptoken provision portal --user portal --to secret.yaml --form kubernetes")]
pub(crate) struct Provision {
    /// The name of the program, by which its token is found again
    name: String,
    /// The user of its sessions, who is added if missing
    #[arg(long, value_name = "ID")]
    user: String,
    /// The name of the user's role, which is added with the permissions if missing
    #[arg(long, value_name = "NAME", requires = "permissions")]
    role: Option<String>,
    /// A permission of the role; can be given several times
    #[arg(long = "permission", value_name = "NAME", requires = "role")]
    permissions: Vec<String>,
    /// The id of an existing role for the user
    #[arg(long, value_name = "NUMBER", conflicts_with = "role")]
    role_id: Option<i64>,
    /// The privileges of the sessions, such as list:*
    #[arg(long, value_name = "LIST", value_parser = values::privileges)]
    privileges: Option<Privileges>,
    /// The longest lifetime of a session
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    session_duration: Option<Duration>,
    /// When the token expires; a year by default
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    expires_in: Option<Duration>,
    /// The token never expires
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
    /// An action that reads, which the new sessions must be able to call
    #[arg(long, value_name = "SERVICE.ACTION")]
    proof: Option<String>,
    /// A description of the token
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    handover: HandoverArguments,
}

impl Provision {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        self.handover.check()?;
        let admin = connect::admin(settings, console)?;
        let mut provision = admin.provision(&self.name, &self.user)?;
        if let Some(role) = self.role {
            let permissions: Vec<_> = self.permissions.iter().map(String::as_str).collect();
            provision = provision.role(ServiceRole::with_permissions(&role, &permissions));
        }
        if let Some(id) = self.role_id {
            provision = provision.role(ServiceRole::Existing(id));
        }
        if let Some(privileges) = self.privileges {
            provision = provision.privileges(privileges);
        }
        if let Some(duration) = self.session_duration {
            provision = provision.session_duration(duration);
        }
        if let Some(hash_type) = settings.hash_type_option()? {
            provision = provision.hash_type(hash_type);
        }
        if let Some(duration) = self.expires_in {
            provision = provision.expiry(duration);
        }
        if self.never_expires {
            provision = provision.expiry(ServiceExpiry::Never);
        }
        if let Some(description) = self.description {
            provision = provision.description(description);
        }
        if let Some(name) = self.proof {
            provision = provision.proof(&NamedAction::new(&name, Map::new())?)?;
        }
        let handover = admin.run(provision)?;
        self.handover.write(&handover, context)
    }
}
