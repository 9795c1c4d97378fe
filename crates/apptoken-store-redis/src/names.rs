//! The names of the keys in Redis.

use apptoken_core::login::store::SessionKey;
use sha2::{Digest as _, Sha256};

/// The names of the two keys of a session.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) session: String,
    pub(crate) lock: String,
}

impl Names {
    /// Server, account, token id and requested options, as a hash, because they are long and can name people. Account and token id
    /// are readable, for those who look into Redis.
    ///
    /// The braces put both keys into the same slot of a cluster. The number is that of the format of the record.
    pub(crate) fn of(prefix: &str, key: &SessionKey) -> Self {
        let digest = hex::encode(Sha256::digest(key.to_string().as_bytes()));
        let digest = digest.get(..32).unwrap_or_default();
        let session = format!("{prefix}1:{{{}-{}-{digest}}}", key.partner(), key.app_token());
        Self { lock: format!("{session}:lock"), session }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apptoken_core::{AppTokenId, AppTokenSecret, Credential, Endpoint, HashType, PartnerId, SessionOptions};

    fn names(endpoint: &str, partner: u32, id: &str, user: Option<&str>) -> Names {
        let token = AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap();
        let id = AppTokenId::parse(id).unwrap();
        let credential = Credential::new(PartnerId::new(partner).unwrap(), id, token, HashType::Sha256);
        let mut options = SessionOptions::default();
        options.user_id = user.map(str::to_owned);
        Names::of("apptoken:", &SessionKey::new(&Endpoint::parse(endpoint).unwrap(), &credential, options))
    }

    #[test]
    fn a_name_differs_by_each_part_and_shows_no_user() {
        let all = [
            names("https://kaltura.example.org", 101, "0_abcd1234", None),
            names("https://other.example.org", 101, "0_abcd1234", None),
            names("https://kaltura.example.org", 102, "0_abcd1234", None),
            names("https://kaltura.example.org", 101, "0_abcd1235", None),
            names("https://kaltura.example.org", 101, "0_abcd1234", Some("alice")),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().map(|names| &names.session).collect();
        assert_eq!(different.len(), all.len());
        assert!(all[4].session.starts_with("apptoken:1:{101-0_abcd1234-") && !all[4].session.contains("alice"));
        assert_eq!(all[4].lock, format!("{}:lock", all[4].session));
        assert!(all[4].session.len() < 80);
    }
}
