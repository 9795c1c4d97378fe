//! The dependencies of the core.

use std::collections::BTreeSet;
use std::process::Command;

/// Each of these is small, well maintained and used without std. A new one needs a reason.
const ALLOWED: [&str; 26] = [
    "apptoken-core",
    "base64",
    "block-buffer",
    "cfg-if",
    "cmov",
    "cpufeatures",
    "crypto-common",
    "ctutils",
    "digest",
    "hex",
    "hmac",
    "hybrid-array",
    "itoa",
    "md-5",
    "memchr",
    "serde",
    "serde_core",
    "serde_json",
    "sha1",
    "sha2",
    "subtle",
    "typenum",
    "zeroize",
    "zmij",
    "const-oid",
    "libc",
];

#[test]
fn the_core_has_only_the_allowed_dependencies() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "apptoken-core",
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--offline",
            "--locked",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let found: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    let allowed = BTreeSet::from(ALLOWED);
    assert!(found.contains("serde_json"), "{tree}");
    assert_eq!(found.difference(&allowed).collect::<Vec<_>>(), Vec::<&&str>::new());
}
