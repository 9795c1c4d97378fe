//! Mistakes in the settings of a program: each is refused with a text that says what to change, and that never shows a value.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use apptoken::{Config, CredentialSource as _, Error, ErrorKind, FileSource, HashChoice};

const SERVICE_URL: &str = "KALTURA_SERVICE_URL";
const PARTNER_ID: &str = "KALTURA_PARTNER_ID";
const ID: &str = "KALTURA_APP_TOKEN_ID";
const TOKEN: &str = "KALTURA_APP_TOKEN";
const HASH_TYPE: &str = "KALTURA_APP_TOKEN_HASH_TYPE";
const TOKEN_FILE: &str = "KALTURA_APP_TOKEN_FILE";
const FOLDER: &str = "KALTURA_CREDENTIALS_DIRECTORY";
const SYSTEMD_FOLDER: &str = "CREDENTIALS_DIRECTORY";
const ALLOW_HTTP_HOSTS: &str = "KALTURA_ALLOW_HTTP_HOSTS";

const VALUE: &str = "00112233445566778899aabbccddeeff";
const SUCCESSOR: &str = "ffeeddccbbaa99887766554433221100";

const GOOD: [(&str, &str); 5] = [
    (SERVICE_URL, "https://www.kaltura.com/api_v3"),
    (PARTNER_ID, "9876543"),
    (ID, "1_ab12cd34"),
    (TOKEN, VALUE),
    (HASH_TYPE, "SHA256"),
];

/// What no text may show: parts of the values in these tests.
const CANARIES: [&str; 4] = ["9876543", "00112233", "ffeeddcc", "S3cret"];

/// The good settings, with these changes.
fn with(changes: &[(&str, Option<&str>)]) -> Result<Config, Error> {
    Config::from_lookup(|name| {
        let changed = changes.iter().find(|(changed, _)| *changed == name).map(|(_, value)| *value);
        let value = changed.unwrap_or_else(|| GOOD.iter().find(|(good, _)| *good == name).map(|(_, value)| *value));
        Ok(value.map(str::to_owned))
    })
}

/// Checks that an error names this place and says this, and shows no value.
#[track_caller]
fn check(error: &Error, place: &str, advice: &str) {
    let text = format!("{error:#}");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
    assert!(text.contains(place) && text.contains(advice), "{place}: {text}");
    for canary in CANARIES {
        assert!(!format!("{text} {error:?}").contains(canary), "{place}: {text}");
    }
}

fn is_good(config: &Config) -> bool {
    config.endpoint.as_str() == "https://www.kaltura.com/api_v3"
        && config.credential.partner.get() == 9_876_543
        && config.credential.id.as_str() == "1_ab12cd34"
        && config.credential.token.expose() == VALUE
}

#[test]
fn valid_settings_are_read() {
    assert!(is_good(&with(&[]).unwrap()));
    assert_eq!(with(&[(HASH_TYPE, Some("detect"))]).unwrap().credential.hash, HashChoice::Detect);
}

#[test]
fn each_mistake_in_a_variable_is_named_with_what_to_change() {
    for (name, good) in GOOD {
        check(&with(&[(name, None)]).unwrap_err(), name, "is not set: set it to");
        for (form, advice) in [
            ("", "is empty: set it to"),
            ("\"VALUE\"", "has quotes around it: remove them"),
            ("'VALUE'", "has quotes around it: remove them"),
            ("VALUE\r", "ends with a line break: strip it"),
            ("VALUE\n", "ends with a line break: strip it"),
            (" VALUE", "starts or ends with whitespace: remove it"),
            ("VALUE ", "starts or ends with whitespace: remove it"),
            ("\u{feff}VALUE", "starts with a byte order mark"),
            ("${VALUE}", "a variable that was not expanded"),
        ] {
            check(&with(&[(name, Some(&form.replace("VALUE", good)))]).unwrap_err(), name, advice);
        }
    }
    for (name, value, advice) in [
        (SERVICE_URL, "S3cret.example.org", "https://www.kaltura.com"),
        (SERVICE_URL, "http://S3cret.example.org", "use https://"),
        (SERVICE_URL, "http://S3cret.example.org", "KALTURA_ALLOW_HTTP_HOSTS can name the host of a test server"),
        (SERVICE_URL, "https://kmc.kaltura.com/index.php/kmcng/S3cret", "such as https://www.kaltura.com"),
        (SERVICE_URL, "https://www.kaltura.com/api_v3/service/S3cret", "end it after the host, or after /api_v3"),
        (PARTNER_ID, "_9876543", "only the digits"),
        (PARTNER_ID, "S3cret", "digits only"),
        (ID, "S3cret", "1_ab12cd34"),
        (ID, VALUE, "secret value"),
        (TOKEN, "S3cret S3cret", "whitespace or a control character at position 6"),
        (HASH_TYPE, "S3cret", "SHA256"),
        (TOKEN_FILE, "", "is empty: set it to the path of the file"),
        (FOLDER, "", "must be the path of a folder"),
        (FOLDER, "/S3cret", "must be the path of a folder"),
        (ALLOW_HTTP_HOSTS, "http://S3cret", "names of hosts, separated by commas"),
        (ALLOW_HTTP_HOSTS, "S3cret:8080", "names of hosts, separated by commas"),
        (ALLOW_HTTP_HOSTS, "*", "names of hosts, separated by commas"),
        (ALLOW_HTTP_HOSTS, "S3cret,", "names of hosts, separated by commas"),
        (ALLOW_HTTP_HOSTS, "S3cret,WWW.Kaltura.com", "remove the hosts of Kaltura"),
    ] {
        check(&with(&[(name, Some(value))]).unwrap_err(), name, advice);
    }
}

#[test]
fn plain_http_is_allowed_to_exactly_the_named_hosts() {
    let open = |url: &str, hosts| with(&[(SERVICE_URL, Some(url)), (ALLOW_HTTP_HOSTS, hosts)]);
    let hosts = Some("kaltura.test, emulator");
    let config = open("http://emulator:8080", hosts).unwrap();
    assert!(config.endpoint.is_unencrypted() && config.endpoint.as_str() == "http://emulator:8080/api_v3");
    assert!(!open("https://www.kaltura.com", hosts).unwrap().endpoint.is_unencrypted());
    for (url, hosts) in [("http://S3cret.emulator", hosts), ("http://S3cret", hosts), ("http://emulator", None)] {
        check(&open(url, hosts).unwrap_err(), SERVICE_URL, "use https://");
    }
}

#[test]
fn a_credentials_file_may_be_written_as_a_shell_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kaltura.env");
    for (form, line_end) in [
        ("NAME=VALUE", "\n"),
        ("NAME=VALUE", "\r\n"),
        ("export NAME=VALUE", "\n"),
        ("export NAME='VALUE'", "\r\n"),
        ("NAME=\"VALUE\"", "\n"),
        (" NAME = VALUE ", "\n"),
        ("\texport\tNAME=\"VALUE\"\t", "\n"),
    ] {
        for start in
            ["", "\u{feff}", "# KALTURA_APP_TOKEN=old\n\nlistening on http://127.0.0.1:1\nexport SSL_CERT_FILE='/a'\n"]
        {
            let lines = GOOD.map(|(name, value)| form.replace("NAME", name).replace("VALUE", value) + line_end);
            fs::write(&path, format!("{start}{}", lines.concat())).unwrap();
            assert!(is_good(&FileSource::new(&path).config().unwrap()), "{form} {start}");
        }
    }
}

#[test]
fn each_mistake_in_a_credentials_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kaltura.env");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        FileSource::new(&path).credential().unwrap_err()
    };
    let good = GOOD.map(|(name, value)| format!("{name}={value}\n")).concat();
    let without =
        |name: &str| good.lines().filter(|line| !line.starts_with(&format!("{name}="))).collect::<Vec<_>>().join("\n");
    for (line, advice) in [
        ("", "is not set: set it to the app token's value"),
        ("KALTURA_APP_TOKEN=", "is empty: set it to the app token's value"),
        ("KALTURA_APP_TOKEN=''", "is empty: set it to the app token's value"),
        ("KALTURA_APP_TOKEN=\"S3cret", "one quote before the value and one after it"),
        ("KALTURA_APP_TOKEN=S3cret\"", "has quotes around it: remove them"),
        ("KALTURA_APP_TOKEN=S3cret # old", "a comment after its value: put it on a line of its own"),
        ("KALTURA_APP_TOKEN=S3cret\nexport KALTURA_APP_TOKEN=S3cret", "on two lines: remove one of them"),
        ("KALTURA_APP_TOKEN=$S3cret", "a variable that was not expanded"),
    ] {
        let error = read(format!("{}\n{line}\n", without(TOKEN)).as_bytes());
        check(&error, "kaltura.env: KALTURA_APP_TOKEN", advice);
    }
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&read(&[vec![0xff, 0xfe], utf_16].concat()), "kaltura.env", "is not UTF-8 text: save it as UTF-8");
    fs::remove_file(&path).unwrap();
    check(&FileSource::new(&path).credential().unwrap_err(), "kaltura.env", "does not exist");
    check(&FileSource::new(folder.path()).credential().unwrap_err(), "", "cannot be read: is a directory");
}

/// Writes a file for each value, as a secret of Kubernetes is mounted: each file is a link through a link to the version.
#[cfg(unix)]
fn mount(folder: &Path, version: &str, token: &str) {
    use std::os::unix::fs::symlink;
    let files = folder.join(version);
    fs::create_dir_all(&files).unwrap();
    for (name, value) in GOOD {
        fs::write(files.join(name), if name == TOKEN { token } else { value }).unwrap();
        let link = folder.join(name);
        if !link.is_symlink() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
    let (new, data) = (folder.join("..data_tmp"), folder.join("..data"));
    symlink(version, &new).unwrap();
    fs::rename(new, data).unwrap();
}

#[cfg(unix)]
#[test]
fn a_mounted_secret_is_read_through_links_and_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    mount(folder.path(), "..2026_01_01", VALUE);
    let source = FileSource::folder(folder.path());
    assert!(is_good(&source.config().unwrap()));
    mount(folder.path(), "..2026_02_02", SUCCESSOR);
    assert_eq!(source.credential().unwrap().token.expose(), SUCCESSOR);
}

#[test]
fn each_mistake_in_a_folder_of_values_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &str| fs::write(folder.path().join(name), value).unwrap();
    let read = || FileSource::folder(folder.path()).config();
    for (name, value) in GOOD {
        check(&read().unwrap_err(), name, "is not set: set it to");
        check(&read().unwrap_err(), name, &format!("put that into a file {name} in"));
        // An editor and `echo` end a file with a line break.
        write(name, &format!("\u{feff}{value}\r\n"));
    }
    assert!(is_good(&read().unwrap()));
    for (text, advice) in [
        ("", "is empty: set it to"),
        ("\n", "is empty: set it to"),
        ("'S3cret'\n", "has quotes around it: remove them"),
        ("S3cret\nS3cret\n", "whitespace or a control character at position 6"),
        ("KALTURA_APP_TOKEN=S3cret\n", "the file must contain only the value"),
        ("# old\nexport KALTURA_APP_TOKEN='S3cret'\n", "the file must contain only the value"),
    ] {
        write(TOKEN, text);
        check(&read().unwrap_err(), TOKEN, advice);
    }
}

#[test]
fn one_error_names_all_missing_settings() {
    let error = Config::from_lookup(|_| Ok(None)).unwrap_err();
    check(&error, SERVICE_URL, &format!("also not set: {PARTNER_ID}, {ID}, {TOKEN}, {HASH_TYPE}"));
    let error = with(&[(TOKEN, None)]).unwrap_err();
    assert!(!error.to_string().contains("also not set"), "{error}");
}

#[test]
fn a_token_in_place_of_its_files_path_is_not_shown() {
    for wrong in ["/missing/token", VALUE, &CANARIES.concat(), &VALUE.repeat(20)] {
        let error = with(&[(TOKEN, None), (TOKEN_FILE, Some(wrong))]).unwrap_err();
        check(&error, TOKEN_FILE, "does not exist");
        assert!(!error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn a_value_in_two_places_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, VALUE).unwrap();
    let (file, path) = (file.to_str(), folder.path().to_str());
    check(
        &with(&[(TOKEN_FILE, file)]).unwrap_err(),
        TOKEN,
        "in two places, KALTURA_APP_TOKEN and KALTURA_APP_TOKEN_FILE",
    );
    assert!(is_good(&with(&[(TOKEN, None), (TOKEN_FILE, file)]).unwrap()));
    // The folder has no file of that name, so it says nothing about the value.
    assert!(is_good(&with(&[(SYSTEMD_FOLDER, path)]).unwrap()));
    fs::write(folder.path().join(PARTNER_ID), "9876543").unwrap();
    for variable in [FOLDER, SYSTEMD_FOLDER] {
        check(&with(&[(variable, path)]).unwrap_err(), PARTNER_ID, "remove one of them");
        assert!(is_good(&with(&[(PARTNER_ID, None), (variable, path)]).unwrap()));
    }
    let other = tempfile::tempdir().unwrap();
    assert!(is_good(&with(&[(FOLDER, other.path().to_str()), (SYSTEMD_FOLDER, path)]).unwrap()));
}

/// Runs the test below in a process with these variables, and returns the line that it prints.
fn in_process(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "set_up::prints_the_token_id", "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.contains("KALTURA") || name == SYSTEMD_FOLDER) {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.split_once("printed: ")).expect("a line").1.to_owned()
}

#[test]
#[ignore = "a process of another test"]
fn prints_the_token_id() {
    let read = Config::from_env().map(|config| config.credential.id.to_string());
    println!("printed: {}", read.unwrap_or_else(|error| error.to_string()));
}

#[test]
fn the_environment_names_variables_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &str| fs::write(folder.path().join(name), value).unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(in_process(&GOOD), "1_ab12cd34");
    let file = folder.path().join("token");
    write("token", VALUE);
    let others = GOOD.into_iter().filter(|(name, _)| *name != TOKEN);
    let named: Vec<(&str, &str)> = others.clone().chain([(TOKEN_FILE, file.to_str().unwrap())]).collect();
    assert_eq!(in_process(&named), "1_ab12cd34");
    write(TOKEN, VALUE);
    let systemd: Vec<(&str, &str)> = others.chain([(SYSTEMD_FOLDER, path)]).collect();
    assert_eq!(in_process(&systemd), "1_ab12cd34");
    assert!(in_process(&[(FOLDER, path)]).starts_with("KALTURA_SERVICE_URL is not set"));
    for (name, value) in GOOD {
        write(name, value);
    }
    assert_eq!(in_process(&[(FOLDER, path)]), "1_ab12cd34");
}
