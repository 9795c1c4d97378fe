//! KS strings with known intermediate steps between the fields and the string.

use apptoken_core::UnixSeconds;
use apptoken_ks::{KsFields, mint_v1, mint_v2, open, session_id_hash};

use crate::{fields, secret};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RANDOM: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn check_v2(user_id: &str, session_type: i64, privileges: &str, digest: &str, read_back: &str, expected: &str) {
    let fields = KsFields { user_id: Some(user_id), session_type, privileges, ..fields(1_234_567) };
    let ks = mint_v2(&secret(SECRET), &fields, RANDOM);
    assert_eq!(ks.expose(), expected);
    let opened = open(expected, |_| [secret(SECRET)]).unwrap();
    assert_eq!(opened.digest, digest);
    assert_eq!(opened.user_id.as_deref(), Some(user_id));
    assert_eq!(opened.privileges.as_deref(), Some(read_back));
    assert_eq!(opened.rand.as_deref(), Some("000102030405060708090a0b0c0d0e0f"));
    assert_eq!(opened.expires_at(), Some(UnixSeconds(1_893_456_000)));
    assert_eq!(opened.is_admin(), session_type == 2);
}

#[test]
fn a_v2_of_an_app_token_is_reproduced() {
    let privileges = "sessionid:1_ab12cd34,apptoken:1_ab12cd34,list:*,setrole:42";
    check_v2(
        "alice@example.com",
        0,
        privileges,
        "7154baaecc0cce69a8918a1872d5d94fd4cdca5c",
        privileges,
        "djJ8MTIzNDU2N3xR0qT17OHAaGoRiqxdYAVgsW-X1JMQ-ujIxhRxQkupZomTBLu1po0WdDMINEYZsRe6uC1SsecmBtQiwMeiHMRgqcwUCRj1J-uLu4tNny6wSL08JXwvuV-z6uIZRSPS839g41zG40vayF_E6md5h9ikOhau8bPSZQxzsGuJgvmEHQQ0W6O4vZu-nnCp3cfYunY=",
    );
}

#[test]
fn a_v2_of_a_widget_is_reproduced() {
    check_v2(
        "0",
        0,
        "view:*,widget:1",
        "ae7e1c8816f834a101969655bd9e9a15b7b107dd",
        "view:*,widget:1",
        "djJ8MTIzNDU2N3zVzK4_KaXjvJp4i8Q83jP0cZptfMyOHGyl_iG7jyo9_JgW88LBJMyLeJDL25CnmLz8RF4NRrR_xjaCJ_iebUWf3M9kEaZzckeAGRpEvW9EIw==",
    );
    check_v2(
        "",
        0,
        "view:*,widget:1",
        "a79c433d4f8608e97b213756a5b8625262132f52",
        "view:*,widget:1",
        "djJ8MTIzNDU2N3xuYHhPq7Y28u0Am14-yfM8zKN3ljJohDC4qVW_-l9P1vE7DlRZgvFZJpmZ1B3jDgb19w5lsbIi-lNMlHdUj3ci-Yx57BDZr5uKq5GeZIv6ww==",
    );
}

#[test]
fn a_v2_with_special_characters_is_reproduced() {
    check_v2(
        "Jöhn Doe+x~y/z",
        2,
        "*, disableentitlement ,edit:a,edit:b/c,0,privacycontext:My Portal,x:y:z",
        "dd8915418263e7ba37016f92ca572b5e4d899be8",
        "all:*,disableentitlement,edit:b/c,privacycontext:My Portal,x:y:z",
        "djJ8MTIzNDU2N3zkJjb2vY7PdEbJF3Sgsb1QTWgUUB5O50f5flJgalZwvT72D9Y2C8bMUUOao3OojCgkv8knVX4VrTOK5Jbwru3YSNkPypItij57lcr0aQO2xX9qSsuhhEj7koe88uE9rpNV9tJsfrkZQhMtXW29ZqoZhK6q7klfLxwDeHLLc-JjKYqy4C7zFYZxqBWj1UaFf6QCofJJGo5EknqTL1yLpf4t",
    );
}

#[test]
fn a_v1_of_a_widget_is_reproduced() {
    let fields = KsFields { user_id: Some("0"), privileges: "view:*,widget:1", ..fields(1_234_567) };
    let ks = mint_v1(&secret(SECRET), &fields, "1700000000.1234");
    assert_eq!(
        ks.expose(),
        "N2EzY2U2MmY2MzlmMzMwM2RmYWRiZGE0ZDYwMDA5N2YxMWIwMGZjNnwxMjM0NTY3OzEyMzQ1Njc7MTg5MzQ1NjAwMDswOzE3MDAwMDAwMDAuMTIzNDswO3ZpZXc6Kix3aWRnZXQ6MTs7"
    );
    let opened = open(ks.expose(), |_| [secret(SECRET)]).unwrap();
    assert_eq!(opened.digest, "7a3ce62f639f3303dfadbda4d600097f11b00fc6");
    assert!(opened.is_widget_session());
}

#[test]
fn the_revocation_key_of_a_token_is_reproduced() {
    assert_eq!(session_id_hash(1_234_567, "1_ab12cd34"), "d46e5e9f3dfa67657986270b4bda7eee76a4ddf5");
}
