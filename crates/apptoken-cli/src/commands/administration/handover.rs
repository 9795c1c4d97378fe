//! Passing a token on to the program that uses it.

use std::path::PathBuf;

use apptoken::admin::Handover;
use apptoken::{Credential, Endpoint, HashChoice};
use serde_json::Value;

use crate::cli::Context;
use crate::commands::login::service_url;
use crate::failure::{Code, Failure};
use crate::show::{file, json};

/// The advice with a value that is shown once.
pub(super) const STORE_IT: &str = "the token's value is not shown again: store it now, or use --to FILE";

/// Where a new token goes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Hand-over")]
pub(crate) struct HandoverArguments {
    /// Writes what the program needs into this file (mode 600), and does not print the token's value
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The form of that file: for apptoken and other programs, for a shell, or for kubectl apply
    #[arg(long, value_enum, default_value_t = FileForm::Credentials, value_name = "FORM", requires = "to")]
    form: FileForm,
    /// The name of the Kubernetes secret
    #[arg(long, value_name = "NAME", default_value = "kaltura-app-token")]
    secret_name: String,
    /// Text or an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FileForm {
    Credentials,
    Env,
    Kubernetes,
}

impl HandoverArguments {
    /// Refuses what could not be written after the token exists.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let name = &self.secret_name;
        let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if name.is_empty() || name.len() > 253 || !name.chars().all(is_label) {
            return Err(Failure::usage("--secret-name must consist of lower-case letters, digits, - and ."));
        }
        match &self.to {
            // Writing an empty file first finds out whether the folder can be written.
            Some(path) if !path.exists() => {
                file::write_private(path, b"")?;
                std::fs::remove_file(path).map_err(|error| Failure::of_file("cannot write", path, &error))
            }
            Some(path) if path.is_dir() => Err(Failure::usage(format!("{} is a folder", path.display()))),
            _ => Ok(()),
        }
    }

    /// Writes the token to its file, or prints it with its value, once.
    pub(super) fn write(&self, handover: &Handover, context: &Context<'_>) -> Result<(), Failure> {
        let console = context.console;
        self.write_file(&handover.credential(), context)?;
        if self.format.is_json() {
            let mut object =
                serde_json::to_value(handover).map_err(|error| Failure::new(Code::Failure, error.to_string()))?;
            if let (None, Value::Object(members)) = (&self.to, &mut object) {
                members.insert("token".into(), handover.token.expose().into());
            }
            return json::write(console, &object);
        }
        console.data(format!("{handover}\n").as_bytes())?;
        if self.to.is_none() {
            console.line(&format!("token value       {}", handover.token.expose()))?;
            console.note(STORE_IT);
        }
        Ok(())
    }

    /// Writes the file, if one is asked for, and returns whether it was.
    pub(super) fn write_file(&self, credential: &Credential, context: &Context<'_>) -> Result<bool, Failure> {
        let Some(path) = &self.to else { return Ok(false) };
        let endpoint = context.settings.endpoint()?;
        file::write_private(path, self.file_text(credential, &endpoint).as_bytes())?;
        context.console.note(&format!("the token's value is in {}; it is not shown again", path.display()));
        Ok(true)
    }

    pub(super) fn format(&self) -> json::Format {
        self.format
    }

    fn file_text(&self, credential: &Credential, endpoint: &Endpoint) -> String {
        // A new token has a known hash type.
        let hash_type = match credential.hash {
            HashChoice::Known(hash_type) => hash_type.as_str(),
            HashChoice::Detect => "detect",
        };
        let values = [
            ("KALTURA_SERVICE_URL", service_url(endpoint)),
            ("KALTURA_PARTNER_ID", credential.partner.to_string()),
            ("KALTURA_APP_TOKEN_ID", credential.id.to_string()),
            ("KALTURA_APP_TOKEN", credential.token.expose().to_owned()),
            ("KALTURA_APP_TOKEN_HASH_TYPE", hash_type.to_owned()),
        ];
        let lines = |line: &dyn Fn(&str, &str) -> String| -> String {
            values.iter().map(|(name, value)| line(name, value)).collect()
        };
        match self.form {
            FileForm::Credentials => lines(&|name, value| format!("{name}={value}\n")),
            FileForm::Env => lines(&|name, value| format!("export {name}='{value}'\n")),
            FileForm::Kubernetes => {
                let name = &self.secret_name;
                let head =
                    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n");
                // None of the values contains a quote.
                head + &lines(&|name, value| format!("  {name}: \"{value}\"\n"))
            }
        }
    }
}
