//! The key of a stored session.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;
use core::hash::{Hash, Hasher};

use zeroize::Zeroizing;

use crate::api::app_token::SessionOptions;
use crate::login::credential::Credential;
use crate::login::store::record::derived_key;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::wire::endpoint::Endpoint;

/// The key of a stored session: the server, the account, the app token's id, and the requested options.
///
/// Two keys are equal if these are. A key also has a [secret](Self::secret) from the token's value, for stores that encrypt.
#[derive(Clone)]
pub struct SessionKey {
    endpoint: String,
    partner: PartnerId,
    app_token: AppTokenId,
    options: SessionOptions,
    secret: Zeroizing<[u8; 32]>,
}

impl SessionKey {
    /// The key of the sessions with these options.
    #[must_use]
    pub fn new(endpoint: &Endpoint, credential: &Credential, options: SessionOptions) -> Self {
        Self {
            endpoint: endpoint.as_str().to_owned(),
            partner: credential.partner,
            app_token: credential.id.clone(),
            options,
            secret: derived_key(&credential.token, b"apptoken store secret v1"),
        }
    }

    /// The account.
    #[must_use]
    pub fn partner(&self) -> PartnerId {
        self.partner
    }

    /// What is requested of the session.
    #[must_use]
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The app token's id.
    #[must_use]
    pub fn app_token(&self) -> &AppTokenId {
        &self.app_token
    }

    /// A secret from which a store can derive keys to encrypt records, so that only programs with the token's value read them.
    ///
    /// It is an HMAC with the token's value as its key, so it has as much entropy as the value, and does not reveal it. It does not
    /// depend on the options.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn parts(&self) -> (&str, PartnerId, &AppTokenId, &SessionOptions) {
        let Self { endpoint, partner, app_token, options, secret: _ } = self;
        (endpoint, *partner, app_token, options)
    }
}

impl PartialEq for SessionKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for SessionKey {}

impl Hash for SessionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({self})")
    }
}

/// One line, different for different keys, without a secret.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, partner, app_token, options) = self.parts();
        let options = serde_json::to_string(options).map_err(|_| fmt::Error)?;
        write!(f, "{endpoint} {partner} {app_token} {options}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    use crate::value::hash::HashType;
    use crate::value::privileges::Privileges;
    use crate::value::secrets::AppTokenSecret;
    use crate::value::session_type::SessionType;

    fn credential(token: &str) -> Credential {
        let (id, token) = (AppTokenId::parse("1_a").unwrap(), AppTokenSecret::parse(token).unwrap());
        Credential::new(PartnerId::new(7).unwrap(), id, token, HashType::Sha256)
    }

    #[test]
    fn the_secret_follows_the_token_value_and_is_not_shown() {
        let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
        let key = |token| SessionKey::new(&endpoint, &credential(token), SessionOptions::default());
        let [one, other] = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"].map(key);
        assert_eq!(one, other);
        assert_ne!(one.secret(), other.secret());
        assert_eq!(alloc::format!("{one:?}"), "SessionKey(https://www.kaltura.com/api_v3 7 1_a {})");
    }

    #[test]
    fn keys_of_different_users_are_different() {
        let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
        let key = |user: &str| {
            let options = SessionOptions { user_id: Some(user.into()), ..SessionOptions::default() };
            SessionKey::new(&endpoint, &credential("00112233445566778899aabbccddeeff"), options)
        };
        assert_ne!(key("alice"), key("bob"));
    }

    #[test]
    fn a_key_is_one_line_and_differs_by_each_part() {
        let key = |change: fn(&mut SessionOptions)| {
            let mut options = SessionOptions::default();
            change(&mut options);
            let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
            SessionKey::new(&endpoint, &credential("00112233445566778899aabbccddeeff"), options).to_string()
        };
        let keys = [
            key(|_| {}),
            key(|options| options.user_id = Some("a b\" {}".into())),
            key(|options| options.session_type = Some(SessionType::Admin)),
            key(|options| options.lifetime = Some(core::time::Duration::from_secs(60))),
            key(|options| options.privileges = Some(Privileges::parse("list:*"))),
        ];
        assert_eq!(keys[0], "https://www.kaltura.com/api_v3 7 1_a {}");
        for (position, key) in keys.iter().enumerate() {
            assert!(!key.contains('\n') && keys.iter().skip(position + 1).all(|other| other != key), "{key}");
        }
    }
}
