use apptoken_core::{AccountSecret, UnixSeconds};
use apptoken_ks::{KsFields, mint_v1, mint_v2, open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::{fields, secret};

/// Text without `;`, which would shift the fields of V1.
const FIELD: &str = "[^;]{0,20}";

/// A name that PHP does not change, and that is not a field of the KS.
const NAME: &str = "[a-zA-Z][a-zA-Z0-9_-]{0,9}";

/// A value that the grammar can express.
const VALUE: &str = "[!-+.0-:<-~äöü]{1,12}";

fn secret_of(partner_id: &str) -> Option<AccountSecret> {
    (partner_id == "101").then(|| secret("s"))
}

proptest! {
    #[test]
    fn opening_never_panics(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        for text in [text, STANDARD.encode(&bytes), STANDARD.encode([b"v2|101|", &bytes[..]].concat())] {
            prop_assert!(open(&text, |_| [secret("s")]).is_err());
        }
    }

    #[test]
    fn an_opened_v1_has_the_minted_fields(
        (partner_id, expires_at, session_type) in any::<(i64, i64, i64)>(),
        texts in prop::array::uniform5(FIELD),
    ) {
        let [rand, user_id, privileges, master_partner_id, additional_data] = &texts;
        let minted = KsFields {
            partner_id,
            expires_at: UnixSeconds(expires_at),
            session_type,
            user_id: Some(user_id),
            privileges,
            master_partner_id: Some(master_partner_id),
            additional_data: Some(additional_data),
        };
        let opened = open(mint_v1(&secret("s"), &minted, rand).expose(), |_| [secret("s")]).unwrap();
        prop_assert_eq!(&opened.partner_id, &partner_id.to_string());
        prop_assert_eq!(opened.expires_at(), Some(minted.expires_at));
        prop_assert_eq!(opened.session_type, Some(session_type.to_string()));
        prop_assert_eq!(opened.rand.as_ref(), Some(rand));
        prop_assert_eq!(opened.user_id.as_ref(), Some(user_id));
        prop_assert_eq!(opened.privileges.as_ref(), Some(privileges));
        prop_assert_eq!(opened.master_partner_id.as_ref(), Some(master_partner_id));
        prop_assert_eq!(opened.additional_data.as_ref(), Some(additional_data));
    }

    #[test]
    fn an_opened_v2_has_the_minted_fields(
        (partner_id, expires_at, session_type) in any::<(i64, i64, i64)>(),
        user_id in any::<Option<String>>(),
        additional_data in any::<Option<String>>(),
        privileges in prop::collection::btree_map(NAME, prop::option::of(VALUE), 0..6),
        random in any::<[u8; 16]>(),
    ) {
        let items: Vec<String> = privileges
            .iter()
            .map(|(name, value)| value.as_ref().map_or(name.clone(), |value| format!("{name}:{value}")))
            .collect();
        let privileges = items.join(",");
        let minted = KsFields {
            partner_id,
            expires_at: UnixSeconds(expires_at),
            session_type,
            user_id: user_id.as_deref(),
            privileges: &privileges,
            master_partner_id: None,
            additional_data: additional_data.as_deref(),
        };
        let opened = open(mint_v2(&secret("s"), &minted, random).expose(), |_| [secret("s")]).unwrap();
        prop_assert_eq!(&opened.partner_id, &partner_id.to_string());
        prop_assert_eq!(opened.expires_at(), Some(minted.expires_at));
        prop_assert_eq!(opened.session_type, Some(session_type.to_string()));
        prop_assert_eq!(opened.user_id, user_id);
        prop_assert_eq!(opened.additional_data, additional_data);
        prop_assert_eq!(opened.privileges, Some(privileges));
        prop_assert_eq!(opened.rand, Some(hex::encode(random)));
    }

    #[test]
    fn a_changed_v2_is_refused_or_equal(
        user_id in "[a-z]{0,17}",
        random in any::<[u8; 16]>(),
        position in any::<prop::sample::Index>(),
        character in any::<char>(),
    ) {
        let ks = mint_v2(&secret("s"), &KsFields { user_id: Some(&user_id), ..fields(101) }, random);
        let expected = open(ks.expose(), secret_of).unwrap();
        let mut changed: Vec<char> = ks.expose().chars().collect();
        changed[position.index(ks.expose().len())] = character;
        let changed: String = changed.into_iter().collect();
        if let Ok(opened) = open(&changed, secret_of) {
            prop_assert_eq!(opened, expected);
        }
    }
}

#[test]
fn a_v2_with_a_changed_byte_is_refused() {
    let ks = mint_v2(&secret("s"), &KsFields { user_id: Some("bob"), privileges: "list:*", ..fields(101) }, [7; 16]);
    let decoded = STANDARD.decode(ks.expose().replace('-', "+").replace('_', "/")).unwrap();
    for position in 0..decoded.len() {
        for change in 1..=255 {
            let mut changed = decoded.clone();
            changed[position] ^= change;
            assert!(open(&STANDARD.encode(&changed), secret_of).is_err(), "byte {position} xor {change}");
        }
        assert!(open(&STANDARD.encode(&decoded[..position]), secret_of).is_err(), "cut at {position}");
    }
}
