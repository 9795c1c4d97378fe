//! Which KS strings `open` accepts, and why it refuses others.

use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, PartnerId, UnixSeconds};
use apptoken_ks::{KsFields, OpenError, OpenedKs, mint_v1, mint_v2, open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use crate::{fields, secret};

fn opened(ks: &str) -> OpenedKs {
    open(ks, |_| [secret("s")]).unwrap()
}

/// A signed KS V1 with any info.
fn v1_of(info: &str) -> String {
    let signature = hex::encode(Sha1::digest(format!("s{info}")));
    STANDARD.encode(format!("{signature}|{info}"))
}

fn v2_of(privileges: &str) -> String {
    mint_v2(&secret("s"), &KsFields { privileges, ..fields(101) }, [9; 16]).expose().to_owned()
}

#[test]
fn each_refused_ks_has_its_error() {
    let known = |partner_id: &str| (partner_id == "101").then(|| secret("s"));
    let foreign = mint_v2(&secret("t"), &fields(101), [0; 16]);
    let unknown = mint_v1(&secret("s"), &fields(102), "1");
    for (text, expected) in [
        ("", OpenError::NotBase64),
        (" \n", OpenError::NotBase64),
        ("not base64!", OpenError::NotBase64),
        (&STANDARD.encode("no bar"), OpenError::NoSeparator),
        (&STANDARD.encode("v2|no second bar"), OpenError::NoSeparator),
        (&STANDARD.encode("signature|101;101"), OpenError::MissingFields),
        (unknown.expose(), OpenError::UnknownPartner),
        (&STANDARD.encode("v2||"), OpenError::UnknownPartner),
        (foreign.expose(), OpenError::WrongSignature),
        (&STANDARD.encode("signature|101;101;1"), OpenError::WrongSignature),
        (&STANDARD.encode("v2|101|"), OpenError::WrongSignature),
        (&v2_of("name[]:1"), OpenError::NestedField),
    ] {
        assert_eq!(open(text, known).err(), Some(expected), "{text}");
    }
}

#[test]
fn errors_do_not_contain_the_ks() {
    let ks = v2_of("list:*");
    for secrets in [vec![], vec![secret("t")]] {
        let error = open(&ks, |_| secrets).unwrap_err();
        assert!(error.to_string().contains("KS"), "{error}");
        assert!(!format!("{error} {error:?}").contains(&ks[..12]), "{error}");
    }
}

#[test]
fn the_partner_id_is_passed_once_and_unchanged() {
    let mut asked = Vec::new();
    let ks = STANDARD.encode("v2| 0101x|encrypted");
    let result = open(&ks, |partner_id| {
        asked.push(partner_id.to_owned());
        None::<AccountSecret>
    });
    assert_eq!(result.err(), Some(OpenError::UnknownPartner));
    assert_eq!(asked, [" 0101x"]);
}

#[test]
fn any_secret_of_the_account_opens_a_ks() {
    let secrets = [secret("first"), secret("s"), secret("last")];
    for ks in [mint_v1(&secret("s"), &fields(101), "1"), mint_v2(&secret("s"), &fields(101), [1; 16])] {
        assert!(open(ks.expose(), |_| &secrets).is_ok());
        assert_eq!(open(ks.expose(), |_| [&secrets[0], &secrets[2]]).err(), Some(OpenError::WrongSignature));
    }
}

#[test]
fn alphabet_padding_and_whitespace_do_not_matter() {
    let v1 = mint_v1(&secret("s"), &KsFields { user_id: Some("ÿþý?>"), ..fields(101) }, "1");
    let v2 = mint_v2(&secret("s"), &fields(101), [1; 16]);
    for ks in [v1.expose(), v2.expose()] {
        let expected = opened(ks);
        let bare = ks.trim_end_matches('=');
        for text in [
            bare.to_owned(),
            ks.replace('-', "+").replace('_', "/"),
            ks.replace('+', "-").replace('/', "_"),
            format!(" {}\t{}\r\n", &ks[..7], &ks[7..]),
        ] {
            assert_eq!(opened(&text), expected, "{text}");
        }
        for text in [format!("{bare}==="), format!("={bare}"), format!("{bare}\u{b}"), format!("{bare}\0")] {
            assert_eq!(open(&text, |_| [secret("s")]).err(), Some(OpenError::NotBase64), "{text}");
        }
    }
}

#[test]
fn a_whole_block_of_padding_is_accepted() {
    // With this user the plaintext is 64 bytes long, so the server adds no padding.
    let fields = KsFields { user_id: Some("123456"), ..fields(101) };
    let ks = mint_v2(&secret("s"), &fields, [1; 16]);
    let decoded = STANDARD.decode(ks.expose().replace('-', "+").replace('_', "/")).unwrap();
    let encrypted = decoded.strip_prefix(b"v2|101|").unwrap();
    assert_eq!(encrypted.len(), 64);

    // In CBC mode, another block of zeros is the last block encrypted again.
    let mut longer = decoded.clone();
    let mut block = aes::Block::try_from(&encrypted[48..]).unwrap();
    let key = Sha1::digest("s");
    let aes = <aes::Aes128 as cbc::cipher::KeyInit>::new_from_slice(&key[..16]).unwrap();
    cbc::cipher::BlockCipherEncrypt::encrypt_block(&aes, &mut block);
    longer.extend(block);
    assert_eq!(opened(&STANDARD.encode(longer)), opened(ks.expose()));
}

#[test]
fn v1_needs_at_least_three_fields() {
    let all = "101;102;1893456000;2;1.5;user;list:*;99;extra;more";
    for count in 3..=10 {
        let info = all.split(';').take(count).collect::<Vec<_>>().join(";");
        let opened = opened(&v1_of(&info));
        let fields = [
            opened.partner_pattern.as_deref(),
            opened.valid_until.as_deref(),
            opened.session_type.as_deref(),
            opened.rand.as_deref(),
            opened.user_id.as_deref(),
            opened.privileges.as_deref(),
            opened.master_partner_id.as_deref(),
            opened.additional_data.as_deref(),
        ];
        let expected: [_; 8] = std::array::from_fn(|field| all.split(';').nth(field + 1).filter(|_| field + 1 < count));
        assert_eq!(fields, expected, "{info}");
        assert_eq!((opened.version, opened.partner()), (KsVersion::V1, PartnerId::new(101).ok()));
    }
}

#[test]
fn a_semicolon_shifts_the_fields_of_v1() {
    let fields = KsFields { user_id: Some("a;b"), privileges: "list:*", ..fields(101) };
    let opened = opened(mint_v1(&secret("s"), &fields, "1").expose());
    assert_eq!((opened.user_id.as_deref(), opened.privileges.as_deref()), (Some("a"), Some("b")));
    assert_eq!(opened.master_partner_id.as_deref(), Some("list:*"));
}

#[test]
fn v1_merges_repeated_privileges_and_v2_takes_the_last() {
    let privileges = "edit:1,list,edit:2/3";
    let v1 = opened(mint_v1(&secret("s"), &KsFields { privileges, ..fields(101) }, "1").expose());
    assert_eq!(v1.privileges.as_deref(), Some(privileges));
    assert_eq!(v1.privilege("edit").unwrap(), ["1", "2", "3"]);
    let v2 = opened(&v2_of(privileges));
    assert_eq!(v2.privileges.as_deref(), Some("edit:2/3,list"));
    assert_eq!(v2.privilege("edit").unwrap(), ["2", "3"]);
    assert_eq!(v2.privilege("list").unwrap(), [""; 0]);
    assert_eq!(v2.privilege("download"), None);
}

#[test]
fn v2_privileges_follow_phps_query_rules() {
    for (minted, read) in [
        ("", ""),
        (",, 0 ,\t", ""),
        ("*", "*"),
        ("all:*", "*"),
        ("*,list:*", "all:*,list:*"),
        (" na.me : v ,x y:1", "na_me_: v,x_y:1"),
        ("a.b:1,a_b:2", "a_b:2"),
        ("a[b:1", "a_b:1"),
        ("5:1,05:2", "5:1,05:2"),
        ("_u:evil,_e:1,_t:2,_m:3,_d:4", ""),
        (":v,a:0,b:", "a:0,b"),
    ] {
        assert_eq!(opened(&v2_of(minted)).privileges.as_deref(), Some(read), "{minted:?}");
    }
}

#[test]
fn a_privilege_cannot_replace_a_field() {
    let opened = opened(&v2_of("_u:evil,_t:2,_m:3"));
    assert_eq!((opened.user_id.as_deref(), opened.master_partner_id.as_deref()), (None, None));
    assert!(!opened.is_admin());
}

#[test]
fn session_types_are_compared_like_in_php() {
    let kinds = |session_type: &str, user_id: &str, privileges: &str| {
        let opened = opened(&v1_of(&format!("101;101;1;{session_type};1;{user_id};{privileges}")));
        (opened.is_admin(), opened.is_widget_session(), opened.is_anonymous_session())
    };
    assert_eq!(kinds("0", "0", "view:*,widget:1"), (false, true, true));
    assert_eq!(kinds("0", "", "view:*,widget:10"), (false, true, true));
    assert_eq!(kinds("0", "bob", "view:*,widget:1"), (false, false, false));
    assert_eq!(kinds("2", "0", "view:*,widget:1"), (true, false, true));
    assert_eq!(kinds("0.0", "0", "widget:1"), (false, true, true));
    assert_eq!(kinds("1", "a", ""), (true, false, false));
    assert_eq!(kinds("-1", "a", ""), (false, false, false));
    assert_eq!(kinds("x", "a", ""), (true, false, false));
    assert_eq!(kinds("", "a", ""), (false, false, false));
}

#[test]
fn a_session_is_expired_in_the_second_of_its_expiry() {
    let expired =
        |valid_until: &str, now| opened(&v1_of(&format!("101;101;{valid_until};0"))).is_expired(UnixSeconds(now));
    assert!(!expired("1000", 999));
    assert!(expired("1000", 1000));
    assert!(expired("-5", 0));
    assert!(expired("", 1));
    assert!(!expired("never", 1000));
    assert!(opened(&v1_of("101;101;soon")).expires_at().is_none());
    assert_eq!(opened(&v1_of("101;101;1000")).expires_at(), Some(UnixSeconds(1000)));
}

#[test]
fn only_the_first_session_id_counts() {
    let hash = |privileges: &str| opened(&v2_of(privileges)).session_id_hash();
    assert_eq!(hash("sessionid:0_abcd1234/x"), hash("sessionid:0_abcd1234"));
    assert_eq!(hash("sessionid:0_abcd1234").as_deref(), Some("4a3c5726d3224182313c945b8ba8c94e919f4af3"));
    assert_eq!(hash("sessionid"), None);
    assert_eq!(hash("list:*"), None);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let info = b"101;101;1;0;1;J\xf6hn;list";
    let mut text = hex::encode(Sha1::digest([b"s", &info[..]].concat())).into_bytes();
    text.push(b'|');
    text.extend(info);
    assert_eq!(opened(&STANDARD.encode(text)).user_id.as_deref(), Some("J\u{fffd}hn"));
}

#[test]
fn debug_shows_neither_signature_nor_ks() {
    let ks = mint_v1(&secret("s"), &KsFields { user_id: Some("bob"), ..fields(101) }, "1");
    let opened = opened(ks.expose());
    let debug = format!("{opened:?}");
    assert!(debug.contains("bob"), "{debug}");
    assert!(!debug.contains(&opened.digest[..8]) && !debug.contains(&ks.expose()[..8]), "{debug}");
}

#[test]
fn debug_shows_no_hidden_character() {
    let hidden = "al\u{202e}\u{200b}\u{e0041}\u{1b}ice";
    let privileges = format!("list:{hidden}");
    let fields = KsFields { user_id: Some(hidden), privileges: &privileges, ..fields(101) };
    let ks = mint_v1(&secret("s"), &fields, "1");
    for debug in [format!("{:?}", opened(ks.expose())), format!("{:?}", ks.v1_fields().unwrap())] {
        let shown = r"al\u{202e}\u{200b}\u{e0041}\u{1b}ice";
        assert!(
            debug.matches(shown).count() == 2 && !debug.chars().any(|c| "\u{202e}\u{200b}\u{e0041}\u{1b}".contains(c))
        );
    }
}
