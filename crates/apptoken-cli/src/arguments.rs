//! No secret in the arguments: every user of the machine can read them (`ps`), and the shell keeps them in its history.

use std::ffi::OsString;

use crate::failure::Failure;

const REASON: &str = "every user of this machine can read a command line, and the shell keeps it in its history";
const CURE: &str =
    "give the secret in the environment, in a file or on standard input, and replace the one that was shown";

/// Options that other programs have for secrets. `apptoken` has none of them.
const SECRET_OPTIONS: [&str; 7] =
    ["--token", "--app-token", "--ks", "--secret", "--admin-secret", "--password", "--token-hash"];

/// Parameters of the API that are secrets.
const SECRET_PARAMETERS: [&str; 8] =
    ["ks", "secret", "adminsecret", "token", "tokenhash", "password", "newpassword", "oldpassword"];

/// Refuses an option with a secret. What follows `--` is another program's.
pub(crate) fn refuse_secret_options(arguments: &[OsString]) -> Result<(), Failure> {
    let ours = arguments.iter().map(|argument| argument.to_string_lossy()).take_while(|argument| argument != "--");
    let mut names_url = false;
    for argument in ours {
        let name = argument.split('=').next().unwrap_or_default();
        if SECRET_OPTIONS.contains(&name) {
            return Err(Failure::usage(format!("{name} does not exist: a secret must not be an argument"))
                .likely(REASON)
                .cure(CURE));
        }
        // A proxy needs no scheme, and the one of a store can be forgotten.
        let is_url = names_url || name == "--proxy";
        names_url = matches!(&*argument, "--proxy" | "proxy" | "session-store");
        if has_password(&argument) || is_url && argument.contains('@') {
            return Err(Failure::usage("a URL with a password must not be an argument").likely(REASON).cure(
                "set KALTURA_PROXY or KALTURA_SESSION_STORE, or write the line proxy = \"...\" or session-store = \"...\" into the \
                 file of: apptoken config show; for a parameter, use NAME=@FILE",
            ));
        }
    }
    Ok(())
}

/// Whether an argument holds a URL such as `http://user:password@host`, or with a parameter such as `sentinel_password`.
fn has_password(argument: &str) -> bool {
    let Some((_, rest)) = argument.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let in_authority = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    in_authority || rest.split_once('?').is_some_and(|(_, query)| query.contains("password="))
}

/// Whether a parameter of the API is a secret, by the last part of its name.
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    let last = name.rsplit([':', '[', ']']).find(|part| !part.is_empty()).unwrap_or_default();
    SECRET_PARAMETERS.iter().any(|secret| last.eq_ignore_ascii_case(secret))
}

/// The failure for a secret parameter whose value is an argument.
pub(crate) fn secret_parameter(name: &str) -> Failure {
    Failure::usage(format!("{name} is a secret, so its value must not be an argument"))
        .likely(REASON)
        .cure(format!("use {name}=@FILE, or {name}=@- for standard input, and replace the value that was shown"))
}

/// The failure for an argument that is a secret by itself.
pub(crate) fn secret_alone() -> Failure {
    Failure::usage("an argument looks like a session or a token's value: a secret must not be an argument")
        .likely(REASON)
        .cure(CURE)
}

/// The text of an error about the command line. It repeats arguments, so long words are hidden: they can be secrets.
pub(crate) fn usage_error(text: &str) -> Failure {
    let text = text.trim_end().strip_prefix("error: ").unwrap_or(text.trim_end());
    let mut hidden = false;
    let words = text.split_inclusive(|c: char| !is_part_of_secret(c));
    let shown: String = words
        .map(|word| {
            let body = word.trim_end_matches(|c: char| !is_part_of_secret(c));
            if !looks_like_secret(body) {
                return word.to_owned();
            }
            hidden = true;
            format!("[hidden]{}", &word[body.len()..])
        })
        .collect();
    // Paragraphs: what is wrong, tips, the usage, and a pointer to the help.
    let mut paragraphs = shown.split("\n\n").map(|lines| lines.split_whitespace().collect::<Vec<_>>().join(" "));
    let failure = Failure::usage(paragraphs.next().unwrap_or_default());
    if hidden {
        return failure.likely(REASON).cure(CURE);
    }
    let rest = paragraphs.filter(|text| !text.starts_with("For more information"));
    let rest: Vec<_> = rest.map(|text| text.trim_start_matches("tip: ").replace("Usage: ", "usage: ")).collect();
    if rest.is_empty() { failure } else { failure.cure(rest.join("; ")) }
}

/// A text from the command line as messages show it. The path of a file is none, if it has a folder or an extension.
pub(crate) fn shown(text: &str) -> &str {
    if looks_like_secret(text) && text.chars().all(is_part_of_secret) { "[hidden]" } else { text }
}

/// Whether a word is a secret for sure: no name of the API is that long and has digits.
pub(crate) fn is_long_secret(word: &str) -> bool {
    const TOKEN_VALUE: usize = 32;
    word.len() >= TOKEN_VALUE && looks_like_secret(word)
}

fn is_part_of_secret(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+_-=".contains(c)
}

/// A token has 32 characters, a KS and a hash have more, and all have digits. Names of options have none.
fn looks_like_secret(word: &str) -> bool {
    const SHORTEST_SECRET: usize = 20;
    word.len() >= SHORTEST_SECRET && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_with_a_secret_is_refused_without_its_value() {
        for argument in ["--token=00112233445566778899aabbccddeeff", "--ks"] {
            let failure = refuse_secret_options(&["apptoken".into(), argument.into()]).unwrap_err().to_string();
            assert!(failure.contains("must not be an argument") && !failure.contains("0011"), "{failure}");
        }
        assert!(refuse_secret_options(&["apptoken".into(), "exec".into(), "--".into(), "--token".into()]).is_ok());
    }

    #[test]
    fn a_url_with_a_password_is_refused_without_it() {
        for argument in [
            "http://me:S3CRET@proxy:3128",
            "--proxy=http://me:S3CRET@proxy",
            "url=ftp://me:S3CRET@host/a",
            "redis+sentinel://h/s?sentinel_password=S3CRET",
        ] {
            let failure = refuse_secret_options(&["apptoken".into(), argument.into()]).unwrap_err().to_string();
            assert!(failure.contains("must not be an argument") && !failure.contains("S3CRET"), "{failure}");
        }
        for proxy in [
            &["--proxy", "me:S3CRET@proxy"][..],
            &["--proxy=me:S3CRET@proxy"],
            &["proxy", "me:S3CRET@proxy"],
            &["session-store", "me:S3CRET@host"],
        ] {
            let arguments: Vec<OsString> = proxy.iter().map(Into::into).collect();
            assert!(!refuse_secret_options(&arguments).unwrap_err().to_string().contains("S3CRET"), "{proxy:?}");
        }
        for argument in ["http://proxy:3128", "http://proxy/a:b@c", "filter:nameLike=a:b@c"] {
            assert!(refuse_secret_options(&[argument.into()]).is_ok(), "{argument}");
        }
    }

    #[test]
    fn an_unexpected_argument_that_can_be_a_secret_is_hidden() {
        let failure = usage_error("error: unexpected argument '00112233445566778899aabbccddeeff' found").to_string();
        assert!(failure.contains("'[hidden]' found") && failure.contains("history"), "{failure}");
        let failure = usage_error("error: unexpected argument '--admin-secret-file-of-the-account' found").to_string();
        assert!(!failure.contains("hidden"), "{failure}");
    }

    #[test]
    fn the_last_part_of_a_name_says_whether_it_is_a_secret() {
        for name in ["ks", "appToken:token", "tokenHash", "user[password]"] {
            assert!(is_secret_parameter(name), "{name}");
        }
        for name in ["token:id", "entryId", "filter:nameLike"] {
            assert!(!is_secret_parameter(name), "{name}");
        }
    }
}
