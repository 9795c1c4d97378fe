use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn no_vector_is_missing() {
    let (rules, app_sessions) = apptoken_golden::privileges_app_session();
    let counts = [
        ("hash", apptoken_golden::hash_vectors().len(), 96),
        ("session_id_hash", apptoken_golden::session_id_hashes().len(), 3),
        ("ks_v1", apptoken_golden::ks_v1().len(), 62),
        ("ks_v2", apptoken_golden::ks_v2().len(), 62),
        ("ks_v2_fields", apptoken_golden::ks_v2_fields().len(), 10),
        ("ks_parse", apptoken_golden::ks_parse().len(), 18),
        ("privileges_parse", apptoken_golden::privileges_parse().len(), 44),
        ("privileges_app_session", app_sessions.len(), 456),
        ("server privileges", rules.server_privileges.len(), 33),
    ];
    for (name, there, expected) in counts {
        assert_eq!(there, expected, "{name}");
    }
}

#[test]
fn no_exchange_is_missing() {
    let counts: Vec<_> = apptoken_golden::recordings().iter().map(|r| (r.name, r.exchanges.len())).collect();
    assert_eq!(
        counts,
        [
            ("app_token_crud", 89),
            ("happy_md5_p101", 8),
            ("happy_sha1_p102", 8),
            ("happy_sha256_p101", 8),
            ("happy_sha512_p102", 8),
            ("happy_xml_sha256_p101", 7),
            ("invalidation", 57),
            ("multirequest", 36),
            ("start_session_errors", 58),
            ("start_widget_session", 38),
            ("user_and_role", 46),
        ]
    );
}

#[test]
fn no_step_is_missing() {
    let scenarios = apptoken_golden::scenarios();
    assert_eq!(scenarios.len(), 62);
    assert_eq!(scenarios.iter().map(|s| s.steps.len()).sum::<usize>(), 2908);
    assert_eq!(scenarios.iter().filter(|s| s.needs_admin_state).count(), 3);
}

#[test]
fn every_file_is_loaded() {
    assert_eq!(names(apptoken_golden::recordings().iter().map(|r| r.name)), on_disk("recordings"));
    assert_eq!(names(apptoken_golden::scenarios().iter().map(|s| s.name)), on_disk("scenarios"));
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    names.map(str::to_owned).collect()
}

fn on_disk(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder);
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}
