//! The key of a stored session.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;

use crate::api::app_token::SessionOptions;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::wire::endpoint::Endpoint;

/// The key of a stored session: the server, the account, the app token's id, and the requested options.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    endpoint: String,
    partner: PartnerId,
    app_token: AppTokenId,
    options: SessionOptions,
}

impl SessionKey {
    /// The key of the sessions with these options.
    #[must_use]
    pub fn new(endpoint: &Endpoint, partner: PartnerId, app_token: AppTokenId, options: SessionOptions) -> Self {
        Self { endpoint: endpoint.as_str().to_owned(), partner, app_token, options }
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
}

/// One line, different for different keys, without a secret.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, partner, app_token, options } = self;
        let options = serde_json::to_string(options).map_err(|_| fmt::Error)?;
        write!(f, "{endpoint} {partner} {app_token} {options}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    use crate::value::privileges::Privileges;
    use crate::value::session_type::SessionType;

    #[test]
    fn a_key_is_one_line_and_differs_by_each_part() {
        let key = |change: fn(&mut SessionOptions)| {
            let mut options = SessionOptions::default();
            change(&mut options);
            let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
            SessionKey::new(&endpoint, PartnerId::new(7).unwrap(), AppTokenId::parse("1_a").unwrap(), options)
                .to_string()
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
