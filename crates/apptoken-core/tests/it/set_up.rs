//! Mistakes of people who set a program up. Each is refused before a request, with a text that says what to change, and
//! that never shows the value.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use apptoken_core::api::app_token::{self, AppTokenChanges, AppTokenFilter, NewAppToken, SessionOptions};
use apptoken_core::api::session;
use apptoken_core::api::user::{self, NewUser, UserChanges};
use apptoken_core::api::user_role::{self, NewUserRole, UserRoleChanges, UserRoleFilter};
use apptoken_core::{
    AccountSecret, Action, AppTokenId, AppTokenSecret, Batch, Call, Endpoint, Error, ErrorKind, HashChoice, HashType,
    Ks, PartnerId, SessionType,
};

use crate::support::{TOKEN, WIDGET_KS, now};

/// A part of each value in the tables. No error may show it.
const CANARY: &str = "S3cret";

type Parse = fn(&str) -> Result<(), Error>;

const PARTNER: Parse = |text| PartnerId::parse(text).map(drop);
const ID: Parse = |text| AppTokenId::parse(text).map(drop);
const TOKEN_VALUE: Parse = |text| AppTokenSecret::parse(text).map(drop);
const ACCOUNT_SECRET: Parse = |text| AccountSecret::parse(text).map(drop);
const HASH_TYPE: Parse = |text| text.parse::<HashType>().map(drop);
const HASH_CHOICE: Parse = |text| HashChoice::parse(text).map(drop);
const URL: Parse = |text| Endpoint::parse(text).map(drop);

/// Mistakes that can be made with every value.
const COPIED: [(&str, &str); 9] = [
    ("", "is empty: check that the variable it comes from is set"),
    ("\"VALUE\"", "has quotes around it: remove them"),
    ("'VALUE'", "has quotes around it: remove them"),
    ("“VALUE”", "has quotes around it: remove them"),
    ("VALUE\r", "ends with a line break: strip it"),
    ("VALUE\n", "ends with a line break: strip it"),
    (" VALUE", "starts or ends with whitespace: remove it"),
    ("\u{feff}VALUE", "starts with a byte order mark: save the file as UTF-8 without it"),
    ("${VALUE}", "a variable that was not expanded"),
];

#[test]
fn a_value_copied_with_more_than_itself_is_refused() {
    for (what, parse, value) in [
        ("the partner id", PARTNER, "1234567"),
        ("the app token's id", ID, "1_S3cret"),
        ("the app token's value", TOKEN_VALUE, "00S3cret33445566778899aabbccddee"),
        ("the account secret", ACCOUNT_SECRET, "00S3cret33445566778899aabbccddee"),
        ("the hash type", HASH_TYPE, "SHA256"),
        ("the service URL", URL, "https://S3cret.example.org"),
    ] {
        parse(value).unwrap();
        for (form, advice) in COPIED {
            let error = parse(&form.replace("VALUE", value)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let text = format!("{error:#}");
            assert!(text.contains(what) && text.contains(advice), "{form:?}: {text}");
            assert!(!shows(&error, CANARY) && !shows(&error, "1234567"), "{text}");
        }
    }
}

#[test]
fn each_wrong_value_is_refused_with_what_to_change() {
    for (parse, value, advice) in [
        (PARTNER, "_9876543", "it is a widget id: use only the digits"),
        (PARTNER, "-9876543", "is negative: use the account's number"),
        (PARTNER, "0", "between 1 and 2147483647"),
        (PARTNER, "2147483648", "between 1 and 2147483647"),
        (PARTNER, "98765432100000000000000", "between 1 and 2147483647"),
        (PARTNER, "9,876,543", "digits only"),
        (PARTNER, "9876543.0", "digits only"),
        (PARTNER, "S3cret", "digits only"),
        (ID, "00112233445566778899aabbccddeeff", "so it is the token's secret value: an id looks like 1_ab12cd34"),
        (ID, "S3cret", "must look like 1_ab12cd34"),
        (TOKEN_VALUE, "00 S3cret", "whitespace or a control character at position 2"),
        (HASH_TYPE, "sha256", "in upper case"),
        (HASH_CHOICE, "Detect", "in upper case, or detect"),
        (HASH_TYPE, "S3cret", "MD5, SHA1, SHA256 or SHA512"),
        (URL, "S3cret.example.org", "it has no scheme: it should look like https://www.kaltura.com"),
        (URL, "ftp://S3cret.example.org", "neither https nor http"),
        (URL, "http://S3cret.example.org", "use https://"),
        (URL, "https://S3cret:pw@www.kaltura.com", "it contains a user name or password"),
        (
            URL,
            "https://www.kaltura.com/api_v3/?ks=S3cret",
            "a query or a fragment after the server's base: end it after",
        ),
        (URL, "https://www.kaltura.com/#S3cret", "a query or a fragment after the server's base: end it after"),
        (URL, "https://www.kaltura.com/api_v3/index.php?service=S3cret", "end it after the host, or after /api_v3"),
        (URL, "https://www.kaltura.com/api_v3/index.php", "end it after the host, or after /api_v3"),
        (URL, "https://www.kaltura.com/api_v3/service/S3cret/action/list", "end it after the host, or after /api_v3"),
        (URL, "https://www.kaltura.com/api/service/S3cret", "end it after the host, or after /api_v3"),
        (
            URL,
            "https://kmc.kaltura.com",
            "management console: use the server of the API in the same region, such as https://www.kaltura.com",
        ),
        (URL, "https://kmc.kaltura.com/index.php/kmcng/content/S3cret", "such as https://www.kaltura.com"),
        (URL, "https://KMC.de.kaltura.com", "such as https://api.de.kaltura.com"),
        (URL, "https://kmc.irp2.ovp.kaltura.com/", "such as https://api.eu.kaltura.com"),
        (URL, "https://kmc.S3cret.example.org", "management console"),
        (URL, "https://S3cret.example.org/index.php/kmc", "management console"),
    ] {
        let error = parse(value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(format!("{error:#}").contains(advice), "{value}: {error:#}");
        for secret in [CANARY, "9876543", "00112233", "sha256"] {
            assert!(!shows(&error, secret), "{value}: {error:#}");
        }
    }
}

#[test]
fn the_documented_bases_are_one_server() {
    for base in ["https://www.kaltura.com/api_v3", "https://www.kaltura.com/api_v3/", "https://www.kaltura.com/"] {
        assert_eq!(Endpoint::parse(base).unwrap(), Endpoint::parse("https://www.kaltura.com").unwrap());
    }
    for (base, url) in [
        ("https://media.example.org/kaltura", "https://media.example.org/kaltura/api_v3"),
        ("https://media.example.org/api/api_v3", "https://media.example.org/api/api_v3"),
    ] {
        assert_eq!(Endpoint::parse(base).unwrap().as_str(), url);
    }
}

/// The actions that were tried with an unset value.
#[derive(Default)]
struct Tried(BTreeSet<String>);

impl Tried {
    /// Tries an action whose text `what` is not set: alone and in a batch.
    fn refuses<A: Action + Clone>(&mut self, what: &str, action: A) {
        let mut batch = Batch::new(endpoint());
        for error in [
            Call::new(endpoint(), action.clone()).with_ks(Ks::parse(WIDGET_KS).unwrap()).start(now()).unwrap_err(),
            batch.push(&action).unwrap_err(),
        ] {
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(
                text.contains(what) && text.contains("is empty: check that the variable it comes from is set"),
                "{text}"
            );
            assert!(text.starts_with(&A::name().to_string()), "{text}");
        }
        self.0.insert(A::name().to_string());
    }
}

/// The real server takes an empty id for one that is not given: it acts on the session's own user, on all objects, or in
/// account 0.
#[test]
fn an_unset_value_is_never_sent() {
    let mut tried = Tried::default();
    for unset in ["", " ", "\t"] {
        let text = || unset.to_owned();
        let some = || Some(text());

        let user = "session user id";
        tried
            .refuses(user, app_token::Add { app_token: NewAppToken { session_user_id: some(), ..Default::default() } });
        let changes = AppTokenChanges { session_user_id: text().into(), ..Default::default() };
        tried.refuses(user, app_token::Update { id: id(), changes });
        tried.refuses(
            user,
            app_token::List::new(AppTokenFilter { session_user_id_equal: some(), ..Default::default() }),
        );
        let mut options = SessionOptions::default();
        options.user_id = some();
        let token_hash =
            HashType::Sha256.token_hash(&Ks::parse(WIDGET_KS).unwrap(), &AppTokenSecret::parse(TOKEN).unwrap());
        tried.refuses("session's user id", app_token::StartSession { id: id(), token_hash, options });

        let start = session::Start::new(partner(), secret(), SessionType::User);
        tried.refuses("session's user id", session::Start { user_id: some(), ..start });
        tried.refuses(
            "session's user id",
            session::Impersonate {
                secret: secret(),
                partner: partner(),
                impersonated_partner: partner(),
                session_type: SessionType::User,
                user_id: some(),
                lifetime: None,
                privileges: None,
            },
        );
        for widget_id in [text(), format!("_{unset}")] {
            tried.refuses("widget id", session::StartWidgetSession { widget_id, lifetime_seconds: None });
        }

        tried.refuses("user id", user::Add { user: NewUser::new(unset) });
        tried.refuses("user id", user::Get { user_id: some() });
        tried.refuses("user id", user::Update { user_id: text(), changes: UserChanges::default() });
        tried.refuses("user id", user::Delete { user_id: text() });

        tried.refuses("role's name", user_role::Add { user_role: NewUserRole::new(unset, &[]) });
        let changes = UserRoleChanges { name: some(), ..Default::default() };
        tried.refuses("role's name", user_role::Update { user_role_id: 7, changes });
        for filter in [
            UserRoleFilter { id_in: some(), ..Default::default() },
            UserRoleFilter { name_equal: some(), ..Default::default() },
            UserRoleFilter { name_in: some(), ..Default::default() },
            UserRoleFilter { system_name_equal: some(), ..Default::default() },
            UserRoleFilter { system_name_in: some(), ..Default::default() },
            UserRoleFilter { description_like: some(), ..Default::default() },
        ] {
            tried.refuses("filter of roles", user_role::List { filter, pager: None });
        }
    }

    // These have no text, but nothing at all, ids that cannot be empty, numbers and sessions.
    let without_text = [
        "appToken.delete",
        "appToken.get",
        "session.end",
        "session.get",
        "system.ping",
        "userRole.clone",
        "userRole.delete",
        "userRole.get",
    ];
    let mut covered = tried.0;
    covered.extend(without_text.map(str::to_owned));
    assert_eq!(covered, actions_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api")));
}

/// The names of all actions, from the source, so that a new action cannot be forgotten.
fn actions_in(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            names.extend(actions_in(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let constant = |name: &str| {
            let (_, rest) = text.split_once(&format!("const {name}: &'static str = \""))?;
            rest.split('"').next()
        };
        if let (Some(service), Some(action)) = (constant("SERVICE"), constant("ACTION")) {
            names.insert(format!("{service}.{action}"));
        }
    }
    names
}

fn shows(error: &Error, secret: &str) -> bool {
    format!("{error} {error:#} {error:?} {}", error.advice()).contains(secret)
}

fn endpoint() -> Endpoint {
    Endpoint::parse("https://www.kaltura.com").unwrap()
}

fn id() -> AppTokenId {
    AppTokenId::parse("1_ab12cd34").unwrap()
}

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

fn secret() -> AccountSecret {
    AccountSecret::parse("00112233445566778899aabbccddeeff").unwrap()
}
