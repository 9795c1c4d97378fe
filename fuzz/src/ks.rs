use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, Ks, PartnerId, UnixSeconds};
use apptoken_ks::{KsFields, OpenError, OpenedKs, mint_v1, mint_v2, open};

use crate::script::NOW;

const SECRET: &str = "aaaa1111bbbb2222cccc3333dddd4444";

fn secret() -> AccountSecret {
    AccountSecret::parse(SECRET).expect("a good secret")
}

/// Opens with the secrets of account 101, the right one last.
fn open_known(text: &str) -> Result<OpenedKs, OpenError> {
    let other = AccountSecret::parse("0123456789abcdef0123456789abcdef").expect("a good secret");
    open(text, |partner_id| if partner_id == "101" { vec![other, secret()] } else { vec![] })
}

/// A KS as it may arrive, read with the account's secret and without.
pub fn ks_open(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let opened = open_known(&text);
    if let Ok(opened) = &opened {
        assert!(opened.is_expired(opened.expires_at().unwrap_or(UnixSeconds(i64::MIN))));
        let _ = (opened.is_admin(), opened.is_widget_session(), opened.session_id_hash());
        assert!(!format!("{opened:?} {opened:#?}").contains(&opened.digest), "the digest is shown");
    }
    match Ks::parse(&*text) {
        Ok(ks) => check_without_secret(&ks, opened.as_ref().ok()),
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(text.split_whitespace().all(|word| word.len() <= 28 || !shown.contains(word)), "{shown}");
        }
    }
    opened.is_ok()
}

/// What can be read without the secret agrees with itself, and with what the secret gives.
fn check_without_secret(ks: &Ks, opened: Option<&OpenedKs>) {
    assert!(ks.is_same(&ks.clone()));
    let shown = format!("{ks:?}");
    assert!(shown.contains(&ks.fingerprint()) && (ks.expose().len() <= 28 || !shown.contains(ks.expose())));
    let (version, partner, fields) = (ks.version(), ks.partner(), ks.v1_fields());
    assert!(version.is_some() || partner.is_none());
    assert!(version == Some(KsVersion::V1) || fields.is_none());
    if let (Some(opened), Some(version)) = (opened, version) {
        assert_eq!(opened.version, version);
        assert_eq!(opened.partner(), partner);
    }
    if let (Some(opened), Some(fields)) = (opened, fields) {
        assert_eq!(opened.expires_at(), Some(fields.expires_at));
        assert_eq!(opened.user_id.as_deref().unwrap_or_default(), fields.user_id);
    }
}

/// Any fields, minted and opened again, in both formats.
///
/// The input has a line for each field: expiry, type, user, privileges, master partner, additional data, and the random
/// part.
pub fn ks_mint(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let mut number = || lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
    let (expires_at, session_type) = (UnixSeconds(number()), number());
    let [user_id, privileges, master_partner_id, additional_data, rand] = std::array::from_fn(|_| lines.next());
    let (privileges, rand) = (privileges.unwrap_or_default(), rand.unwrap_or_default());
    let fields =
        KsFields { partner_id: 101, expires_at, session_type, user_id, privileges, master_partner_id, additional_data };
    let v1 = mint_v1(&secret(), &fields, rand);
    let v2 =
        mint_v2(&secret(), &fields, std::array::from_fn(|at| rand.as_bytes().get(at).copied().unwrap_or_default()));
    for (ks, version) in [(&v1, KsVersion::V1), (&v2, KsVersion::V2)] {
        assert_eq!((ks.version(), ks.partner()), (Some(version), PartnerId::new(101).ok()));
        assert!(open(ks.expose(), |_| [AccountSecret::parse("another").expect("a good secret")]).is_err());
        let cut = &ks.expose()[..input.len() % ks.expose().len()];
        assert!(open_known(cut).is_err() || open_known(cut) == open_known(ks.expose()), "half a KS is a KS");
    }
    check_v1(&open_known(v1.expose()).expect("a genuine KS"), &fields, rand);
    match open_known(v2.expose()) {
        Ok(opened) => check_v2(&opened, &fields),
        Err(error) => assert!(error == OpenError::NestedField && privileges.contains('['), "{error}"),
    }
    open_known(v2.expose()).is_ok()
}

fn check_v1(opened: &OpenedKs, fields: &KsFields<'_>, rand: &str) {
    let texts = [fields.user_id, Some(fields.privileges), fields.master_partner_id, fields.additional_data];
    // A semicolon moves what follows to the next field.
    if !rand.contains(';') && texts.iter().flatten().all(|text| !text.contains(';')) {
        assert_eq!(opened.user_id.as_deref(), Some(fields.user_id.unwrap_or_default()));
        assert_eq!(opened.privileges.as_deref(), Some(fields.privileges));
        assert_eq!(opened.master_partner_id.as_deref(), Some(fields.master_partner_id.unwrap_or_default()));
        assert_eq!(opened.additional_data.as_deref(), Some(fields.additional_data.unwrap_or_default()));
        assert_eq!(opened.rand.as_deref(), Some(rand));
    }
    check_numbers(opened, fields);
}

fn check_v2(opened: &OpenedKs, fields: &KsFields<'_>) {
    // PHP makes an underscore of these in a name, or ends it there, so that a privilege can become a field of the KS.
    if !fields.privileges.contains(['.', ' ', '[', '\0']) {
        assert_eq!(opened.user_id.as_deref(), fields.user_id);
        assert_eq!(opened.master_partner_id.as_deref(), fields.master_partner_id);
        assert_eq!(opened.additional_data.as_deref(), fields.additional_data);
        check_numbers(opened, fields);
    }
    let items: Vec<_> = opened
        .parsed_privileges
        .iter()
        .map(|(name, values)| if values.is_empty() { name.clone() } else { format!("{name}:{}", values.join("/")) })
        .collect();
    let text = items.join(",");
    assert_eq!(opened.privileges.as_deref(), Some(if text == "all:*" { "*" } else { &text }));
}

fn check_numbers(opened: &OpenedKs, fields: &KsFields<'_>) {
    assert_eq!(opened.expires_at(), Some(fields.expires_at));
    assert_eq!(opened.session_type, Some(fields.session_type.to_string()));
    assert_eq!(opened.is_admin(), fields.session_type > 0);
    assert_eq!(opened.is_expired(NOW.wall), fields.expires_at <= NOW.wall);
}
