//! The server's own KS strings: minting gives the same string, opening gives the same fields.

use apptoken_core::{AccountSecret, Ks, UnixSeconds};
use apptoken_golden::{KsInput, KsVector, ParsedKs, ParsedPrivilege, ValidKs};
use apptoken_ks::{KsFields, OpenError, OpenedKs, mint_v1, mint_v2, open, session_id_hash};

#[test]
fn v1_is_minted_byte_for_byte() {
    let vectors = apptoken_golden::ks_v1();
    let minted = vectors.iter().filter(|vector| {
        check_minted(vector, |secret, fields| mint_v1(secret, fields, vector.input.rand.as_deref().unwrap()))
    });
    assert_eq!(minted.count(), vectors.len() - 1, "all except the one without a secret");
}

#[test]
fn v2_is_minted_byte_for_byte() {
    let vectors = apptoken_golden::ks_v2();
    let minted = vectors.iter().filter(|vector| {
        check_minted(vector, |secret, fields| {
            mint_v2(secret, fields, random(vector.input.random_hex.as_deref().unwrap()))
        })
    });
    assert_eq!(minted.count(), vectors.len() - 1, "all except the one without a secret");
}

#[test]
fn the_servers_strings_are_opened() {
    for vector in apptoken_golden::ks_v1().into_iter().chain(apptoken_golden::ks_v2()) {
        check_opened(&vector.ks, &vector.input.partner_id, &vector.input.secret, &vector.parsed, &vector.inside);
    }
}

#[test]
fn unusual_query_strings_are_opened() {
    for vector in apptoken_golden::ks_v2_fields() {
        check_opened(&vector.ks, &vector.partner_id.to_string(), &vector.secret, &vector.parsed, &vector.fields);
    }
}

#[test]
fn malformed_and_foreign_strings_are_refused() {
    for vector in apptoken_golden::ks_parse() {
        check_opened(&vector.ks, &vector.partner_id.to_string(), &vector.secret, &vector.parsed, &vector.name);
    }
}

#[test]
fn session_id_hashes_equal_the_servers() {
    for vector in apptoken_golden::session_id_hashes() {
        assert_eq!(session_id_hash(&vector.partner_id, &vector.session_id), vector.hash);
    }
}

/// Checks that the minted KS is the server's. Returns false for a vector without a secret.
fn check_minted(vector: &KsVector, mint: impl Fn(&AccountSecret, &KsFields<'_>) -> Ks) -> bool {
    let Ok(secret) = AccountSecret::parse(&*vector.input.secret) else {
        return false;
    };
    assert_eq!(mint(&secret, &fields(&vector.input)).expose(), vector.ks, "{}", vector.inside);
    true
}

fn fields(input: &KsInput) -> KsFields<'_> {
    KsFields {
        partner_id: input.partner_id.parse().unwrap(),
        expires_at: UnixSeconds(input.expiry),
        session_type: input.session_type.parse().unwrap(),
        user_id: input.user_id.as_deref(),
        privileges: input.privileges.as_deref().unwrap_or_default(),
        master_partner_id: input.master_partner_id.as_deref(),
        additional_data: input.additional_data.as_deref(),
    }
}

fn random(hex: &str) -> [u8; 16] {
    std::array::from_fn(|byte| u8::from_str_radix(&hex[2 * byte..2 * byte + 2], 16).unwrap())
}

fn check_opened(ks: &str, partner_id: &str, secret: &str, expected: &ParsedKs, what: &str) {
    let secret = AccountSecret::parse(secret).ok();
    let opened = open(ks, |asked| secret.as_ref().filter(|_| asked == partner_id));
    match (expected, opened) {
        (ParsedKs::Valid(expected), Ok(opened)) => assert_eq!(&parsed(&opened), &**expected, "{what}"),
        (ParsedKs::Refused(message), Err(error)) => assert_eq!(error, refusal(message), "{what}"),
        (ParsedKs::NoSecret(_), Err(OpenError::UnknownPartner))
        | (ParsedKs::Exception(_), Err(OpenError::NestedField)) => {}
        (expected, opened) => panic!("{what}: expected {expected:?}, got {opened:?}"),
    }
}

/// The error that corresponds to the server's message.
fn refusal(message: &str) -> OpenError {
    match message {
        "Couldn't base 64 decode the KS." => OpenError::NotBase64,
        "Couldn't find | seperator in the KS" | "Not enough | delimiters in the KS" => OpenError::NoSeparator,
        "Couldn't find 3 seperated parts in the KS" => OpenError::MissingFields,
        _ if message.contains("doesn't match") => OpenError::WrongSignature,
        _ => panic!("{message}"),
    }
}

fn parsed(opened: &OpenedKs) -> ValidKs {
    ValidKs {
        partner_id: Some(opened.partner_id.clone()),
        partner_pattern: opened.partner_pattern.clone(),
        valid_until: opened.valid_until.clone(),
        session_type: opened.session_type.clone(),
        rand: opened.rand.clone(),
        user: opened.user_id.clone(),
        privileges: opened.privileges.clone(),
        master_partner_id: opened.master_partner_id.clone(),
        additional_data: opened.additional_data.clone(),
        hash: Some(opened.digest.clone()),
        session_id_hash: opened.session_id_hash(),
        is_admin: opened.is_admin(),
        is_widget_session: opened.is_widget_session(),
        is_anonymous_session: opened.is_anonymous_session(),
        parsed_privileges: opened
            .parsed_privileges
            .iter()
            .map(|(name, values)| ParsedPrivilege(name.clone(), values.clone()))
            .collect(),
    }
}
