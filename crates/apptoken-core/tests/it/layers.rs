//! The layers of the core: each module uses only its own layer and those before it.

use std::fs;
use std::path::{Path, PathBuf};

const LAYERS: [&str; 7] = ["error", "value", "wire", "api", "exchange", "login", "admin"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// The code of a file without its unit tests, which may use anything, and without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_layer_uses_only_those_before_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut uses = 0;
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let Some(own) = layer(inside.iter().next().unwrap().to_str().unwrap()) else {
            assert_eq!(inside, Path::new("lib.rs"), "every file belongs to a layer");
            continue;
        };
        if inside.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs") {
            continue;
        }
        for used in code(&path).split("crate::").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let used = layer(&name).unwrap_or_else(|| panic!("{}: crate::{name} is not a layer", inside.display()));
            assert!(used <= own, "{}: {} comes after {}", inside.display(), LAYERS[used], LAYERS[own]);
            uses += 1;
        }
    }
    assert!(uses > 300, "only {uses} uses were found: does the test still read the code?");
}
