//! Logins of users with an e-mail address and a password, as in `alpha/lib/model/UserLoginDataPeer.php` of the server.

use crate::actions::action::Call;
use crate::error::{self, ApiError};
use crate::model::user::{STATUS_ACTIVE, UserRow};

/// How many administrators with a login an account can have.
const MAX_ADMINS: usize = 3;

/// The rules in an error; the server has a text of its configuration.
const PASSWORD_RULES: &str = "- 8 to 14 letters, digits or symbols\n- a digit, a small letter and a symbol\n- not the user's name or e-mail address";

const PASSWORD_SYMBOLS: &[u8] = b"~!@#$%^*=+?()-[]{}";

/// Checks the login of a new user, and returns its e-mail address. Without a password the server makes one.
pub(super) fn new_login(call: &Call<'_>, user: &UserRow, password: Option<&str>) -> Result<String, ApiError> {
    let email = user.texts.get("email").map(String::as_str).unwrap_or_default();
    if !is_email(email) {
        return Err(error::INVALID_FIELD_VALUE.with(&["email"]));
    }
    if user.is_admin && admins(call, user.partner_id) >= MAX_ADMINS {
        return Err(error::ADMIN_LOGIN_USERS_QUOTA_EXCEEDED.plain());
    }
    let same: Vec<i64> = call.state.users.with_login(email).map(|other| other.partner_id).collect();
    if same.contains(&user.partner_id) {
        return Err(error::DUPLICATE_USER_BY_LOGIN_ID.with(&[email]));
    }
    // All accounts share the logins. The password of one that exists stays, so the new one is not checked.
    if same.is_empty() && password.is_some_and(|password| !is_strong(password, user, email)) {
        return Err(error::PASSWORD_STRUCTURE_INVALID.with(&[PASSWORD_RULES]));
    }
    Ok(email.to_owned())
}

fn admins(call: &Call<'_>, partner_id: i64) -> usize {
    let is_admin = |user: &&UserRow| {
        user.partner_id == partner_id
            && user.is_admin
            && user.login_email.is_some()
            && user.status == Some(STATUS_ACTIVE)
    };
    call.state.users.iter().filter(is_admin).count()
}

fn is_strong(password: &str, user: &UserRow, email: &str) -> bool {
    let has = |is_wanted: fn(&u8) -> bool| password.bytes().any(|byte| is_wanted(&byte));
    let is_symbol = |byte: &u8| PASSWORD_SYMBOLS.contains(byte);
    let contains = |name: &str| password.to_lowercase().contains(&name.to_lowercase());
    let names = [user.first_name.as_str(), user.last_name.as_str()];
    let full_name = user.full_name();
    (8..=14).contains(&password.len())
        && password.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_symbol(&byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && password.bytes().any(|byte| is_symbol(&byte))
        && !names.iter().any(|name| name.len() > 2 && contains(name))
        && (full_name.is_empty() || !contains(&full_name))
        && password != email
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let is_name = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_,!#$%&'*+?^`{|}~-".contains(&byte))
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends_with_words = [bytes.first(), bytes.last()].iter().all(|byte| byte.is_some_and(|byte| is_word(*byte)));
        ends_with_words && bytes.iter().all(|byte| is_word(*byte) || *byte == b'-')
    };
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    name.len() <= 64
        && host.len() <= 255
        && name.split('.').all(is_name)
        && labels.split('.').all(is_label)
        && is_label(top)
        && !top.contains('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_has_a_name_and_a_host_with_a_dot() {
        for email in ["a@b.c", "a.b+c@d-e.org", "A_1@x.y.z", "o'k@x.co"] {
            assert!(is_email(email), "{email}");
        }
        for email in [
            "", "a", "a@b", "@b.c", "a@", "a@b..c", "a@.c", "a@b.", "a b@c.d", "a@b@c.d", "a..b@c.d", "a@-b.c",
            "a@b.c-d",
        ] {
            assert!(!is_email(email), "{email}");
        }
    }

    #[test]
    fn a_password_has_a_digit_a_small_letter_and_a_symbol() {
        let mut user = UserRow::new(101, None, 0);
        (user.first_name, user.last_name) = ("Fay".to_owned(), "Li".to_owned());
        for password in ["Abcdef1!", "abcdefg-1", "li345678!", "12345678[a]"] {
            assert!(is_strong(password, &user, "a@b.c"), "{password}");
        }
        for password in [
            "a",
            "abcdefgh",
            "abcdefg1",
            "abcdefg!",
            "ABCDEF1!",
            "abc1!",
            "abcdefghijkl1!x",
            "abcdef 1!",
            "abcdef1!\u{e9}",
            "xFAY123!x",
            "FayLi123!",
        ] {
            assert!(!is_strong(password, &user, "a@b.c"), "{password}");
        }
        assert!(!is_strong("a1@bcd.ef", &user, "a1@bcd.ef"));
    }
}
