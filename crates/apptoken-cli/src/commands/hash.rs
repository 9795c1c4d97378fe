//! `apptoken hash`.

use std::path::PathBuf;

use apptoken::{HashChoice, HashType};
use serde_json::{Map, Value};

use crate::cli::Context;
use crate::commands::ks;
use crate::failure::Failure;
use crate::show::{json, table};
use crate::values;

/// Prints the token hash of a KS for appToken.startSession, computed on this machine
#[derive(clap::Args)]
#[command(after_help = "\
The KS is read from standard input, a file or KALTURA_KS. Without a hash type in the settings, all four are printed.

Examples:
  apptoken call session.startWidgetSession widgetId=_1234567 --as none --select ks | apptoken hash --type sha256
  apptoken hash --ks-file widget.ks --format json
  KALTURA_KS=... apptoken hash")]
pub(crate) struct Hash {
    /// MD5, SHA1, SHA256 or SHA512
    // The settings have an argument `hash_type` too.
    #[arg(id = "wanted_hash_type", long = "type", value_name = "TYPE", value_parser = values::hash_type)]
    hash_type: Option<HashType>,
    /// Reads the KS from a file; - is standard input
    #[arg(long, value_name = "FILE")]
    ks_file: Option<PathBuf>,
    /// Prints an object
    #[arg(long, value_enum, default_value_t)]
    format: json::Format,
}

impl Hash {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let Context { console, settings, .. } = context;
        let token = settings.token_value()?;
        let ks = ks::read(self.ks_file.as_deref())?;
        let hash = |hash_type: HashType| hash_type.token_hash(&ks, &token).expose().to_owned();
        let types = match self.hash_type.or(settings.hash_choice()?.and_then(known)) {
            Some(one) if !self.format.is_json() => return console.line(&hash(one)),
            Some(one) => vec![one],
            None => HashType::ALL.to_vec(),
        };
        if self.format.is_json() {
            let object: Map<_, _> =
                types.iter().map(|&each| (each.as_str().to_owned(), Value::from(hash(each)))).collect();
            return json::write(console, &object);
        }
        let rows: Vec<_> = types.iter().map(|&each| vec![each.as_str().to_owned(), hash(each)]).collect();
        table::write(console, &["type", "token hash"], &rows)
    }
}

fn known(choice: HashChoice) -> Option<HashType> {
    match choice {
        HashChoice::Known(hash_type) => Some(hash_type),
        HashChoice::Detect => None,
    }
}
