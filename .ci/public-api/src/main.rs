//! Compares the public surface of crates with the listings in the repository.
//!
//! Beside the manifest of each crate there are two files:
//!
//! - `public-api.txt` lists every public item. A change of it is a change that dependents can see.
//! - `public-api.foreign` names the types and traits of other crates in that listing, each with the reason why a dependent
//!   has to know it: such a crate cannot be replaced, nor raised to its next major version, without breaking dependents.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use public_api::Builder;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let bless = arguments.next_if(|argument| argument == "--bless").is_some();
    let json_folder = arguments.next().ok_or("usage: [--bless] FOLDER-OF-JSON CRATE...")?;
    let crates: Vec<String> = arguments.collect();

    let mut complaints = Vec::new();
    for name in &crates {
        let json = Path::new(&json_folder).join(name.replace('-', "_")).with_extension("json");
        let items = listing(&json)?;
        let file = format!("crates/{name}/public-api.txt");
        if bless {
            fs::write(&file, items.join("\n") + "\n")?;
        } else {
            complaints.extend(changes(&file, &items)?);
        }
        complaints.extend(foreign_types(&format!("crates/{name}/public-api.foreign"), &items, &crates)?);
    }
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listing(json: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    // Every type has the same blanket and automatic implementations, which would be most of the listing.
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(api.items().map(ToString::to_string).collect())
}

fn changes(file: &str, items: &[String]) -> Result<Vec<String>, Box<dyn Error>> {
    let text = read(file)?;
    let (listed, found): (BTreeSet<&str>, BTreeSet<&str>) =
        (text.lines().collect(), items.iter().map(String::as_str).collect());
    let removed = listed.difference(&found).map(|item| format!("{file}: no longer public: {item}"));
    let added = found.difference(&listed).map(|item| format!("{file}: not listed: {item}"));
    Ok(removed.chain(added).collect())
}

fn foreign_types(file: &str, items: &[String], own: &[String]) -> Result<Vec<String>, Box<dyn Error>> {
    let text = read(file)?;
    let mut complaints = Vec::new();
    let mut allowed = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (path, reason) = line.split_once(' ').unwrap_or((line, ""));
        if reason.trim().is_empty() {
            complaints.push(format!("{file}: without a reason: {path}"));
        }
        allowed.insert(path);
    }
    let found: BTreeSet<&str> =
        items.iter().flat_map(|item| paths(item)).filter(|path| is_foreign(path, own)).collect();
    complaints.extend(found.difference(&allowed).map(|path| format!("{file}: not allowed: {path}")));
    complaints.extend(allowed.difference(&found).map(|path| format!("{file}: no longer in the listing: {path}")));
    Ok(complaints)
}

/// The paths in an item, such as `alloc::string::String`; parts of a path that follow generic arguments are left out.
fn paths(item: &str) -> impl Iterator<Item = &str> {
    item.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '#')))
        .map(|path| path.trim_end_matches(':'))
        .filter(|path| path.contains("::"))
}

fn is_foreign(path: &str, own: &[String]) -> bool {
    let start = path.split("::").next().unwrap_or_default();
    // A path through a type parameter or `Self` starts with a capital.
    start.starts_with(|c: char| c.is_lowercase() || c == '_')
        && !["core", "alloc", "std"].contains(&start)
        && !own.iter().any(|name| name.replace('-', "_") == start)
}

fn read(file: &str) -> Result<String, Box<dyn Error>> {
    if Path::new(file).exists() { Ok(fs::read_to_string(file)?) } else { Ok(String::new()) }
}
