use std::collections::BTreeMap;
use std::sync::Arc;

use apptoken_core::{AccountSecret, PartnerId, SessionType, UnixSeconds};
use apptoken_ks::{KsFields, OpenError, OpenedKs, mint_v1, mint_v2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha1::Sha1;

use crate::journal::NewSessionNote;
use crate::model::account::Account;
use crate::model::state::State;

/// A session: the KS as it was sent, and its fields.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) text: Arc<str>,
    pub(crate) ks: OpenedKs,
}

impl Session {
    /// The account id, with the cast of the database.
    pub(crate) fn partner_id(&self) -> i64 {
        crate::php::cast::text_to_int(&self.ks.partner_id)
    }

    /// Whether the KS names no account: one that was started with an empty `partnerId`.
    pub(crate) fn is_without_partner(&self) -> bool {
        self.ks.partner_id.is_empty()
    }

    pub(crate) fn user_id(&self) -> &str {
        self.ks.user_id.as_deref().unwrap_or_default()
    }

    pub(crate) fn privileges(&self) -> &str {
        self.ks.privileges.as_deref().unwrap_or_default()
    }

    /// The first value of a privilege.
    pub(crate) fn privilege_value(&self, name: &str) -> Option<&str> {
        self.ks.privilege(name)?.first().map(String::as_str)
    }

    /// The text of the first privilege with this name, up to the next colon.
    pub(crate) fn privilege_text(&self, name: &str) -> Option<&str> {
        self.privileges().split(',').find_map(|item| {
            let mut parts = item.split(':');
            (parts.next() == Some(name)).then(|| parts.next().unwrap_or_default())
        })
    }
}

/// The fields of a new KS.
pub(crate) struct NewSession<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) session_type: i64,
    pub(crate) lifetime: i64,
    pub(crate) privileges: &'a str,
    pub(crate) master_partner_id: Option<&'a str>,
    /// The secret that signs an admin session. Other sessions are signed with the first admin secret.
    pub(crate) secret: Option<&'a str>,
}

impl NewSession<'_> {
    /// What the journal records of it.
    fn note(&self, partner_id: i64, expires_at: i64) -> NewSessionNote {
        let app_token = self.privileges.split(',').find_map(|item| item.strip_prefix("apptoken:"));
        let is_widget = matches!(self.user_id, "" | "0") && self.privileges.contains("widget:1");
        let kind = match self.session_type {
            1.. => "admin",
            _ if is_widget => "widget",
            _ => "user",
        };
        let (user, app_token) = (self.user_id.to_owned(), app_token.map(str::to_owned));
        NewSessionNote { partner_id, kind, expires_at, user, app_token }
    }
}

/// A new KS, and the expiry that the server reports for it.
pub(crate) struct NewKs {
    pub(crate) text: String,
    pub(crate) valid_until: i64,
}

/// The expiry of a session with the privilege `downloadasset` is rounded up to a multiple of five minutes, and its
/// random part depends only on the expiry. So the server creates the same KS, and thus the same download URL, for five
/// minutes.
const DOWNLOAD_STEP: i64 = 300;

impl State {
    /// Parses a KS and checks its signature. Loads the secrets of the account into the memory cache.
    pub(crate) fn open(&mut self, text: &str) -> Result<Session, OpenError> {
        check_length(text)?;
        let accounts = &self.accounts;
        let ks = apptoken_ks::open(text, |partner_id| {
            if partner_id.is_empty() {
                return vec![secret(SECRET_OF_PARTNER_0)];
            }
            let account = account_named(accounts, partner_id);
            account.map(secrets).unwrap_or_default()
        })?;
        let session = Session { text: text.into(), ks };
        self.cache_secrets(session.partner_id());
        Ok(session)
    }

    /// The account that a KS names, if there is one. The signature is not checked.
    pub(crate) fn account_named_by(&self, ks: &str) -> Option<i64> {
        /// The beginning of a KS, which contains the account in both formats.
        const BEGINNING: usize = 128;
        let (beginning, _) = ks.split_at(ks.floor_char_boundary(BEGINNING));
        let mut named = None;
        // Without secrets the KS is not opened further, and the result is always an error.
        let _ = apptoken_ks::open(beginning, |partner_id| {
            named = account_named(&self.accounts, partner_id).map(|account| account.id.into());
            Vec::<AccountSecret>::new()
        });
        named
    }

    /// Parses a KS only if the secrets of its account are in the memory cache.
    pub(crate) fn peek(&self, text: &str) -> Result<Session, OpenError> {
        check_length(text)?;
        let ks = apptoken_ks::open(text, |partner_id| {
            let account =
                account_named(&self.accounts, partner_id).filter(|account| self.has_cached_secrets(account.id.into()));
            account.map(secrets).unwrap_or_default()
        })?;
        Ok(Session { text: text.into(), ks })
    }

    /// Creates a KS that names no account.
    pub(crate) fn make_ks_without_partner(&mut self, new: &NewSession<'_>, now: i64) -> NewKs {
        let valid_until = now.saturating_add(new.lifetime);
        let rand = php_microtime(now, self.count_session());
        self.new_sessions.push(new.note(0, valid_until));
        NewKs { text: ks_without_partner(new, valid_until, &rand), valid_until }
    }

    /// Creates a KS for an account.
    pub(crate) fn make_ks(&mut self, account: &Account, new: &NewSession<'_>, now: i64) -> NewKs {
        let valid_until = now.saturating_add(new.lifetime);
        let is_download = new.privileges.contains("downloadasset");
        let expires_at = if is_download { round_up(valid_until) } else { valid_until };
        let partner_id = partner_id(account.id);
        let fields = KsFields {
            session_type: new.session_type,
            user_id: Some(new.user_id),
            privileges: new.privileges,
            master_partner_id: new.master_partner_id,
            ..KsFields::new(partner_id, SessionType::User, UnixSeconds(expires_at))
        };
        let signing_secret = new.secret.filter(|_| new.session_type == 2).unwrap_or_else(|| account.main_secret());
        let secret = secret(signing_secret);
        let text = if account.ks_version == 2 {
            let random = if is_download { Md5::digest(expires_at.to_string()).into() } else { self.random_bytes() };
            mint_v2(&secret, &fields, random)
        } else {
            let rand = if is_download { expires_at.to_string() } else { php_microtime(now, self.count_session()) };
            mint_v1(&secret, &fields, &rand)
        };
        self.cache_secrets(account.id.into());
        self.new_sessions.push(new.note(account.id.into(), expires_at));
        NewKs { text: text.expose().to_owned(), valid_until }
    }
}

/// The secret that signs a KS without an account. Everybody can know it: such a KS allows no more than no KS.
const SECRET_OF_PARTNER_0: &str = "0";

/// A KS without an account. It has the form V1, whatever the account uses.
fn ks_without_partner(new: &NewSession<'_>, valid_until: i64, rand: &str) -> String {
    let NewSession { session_type, user_id, privileges, .. } = new;
    let info = format!(";;{valid_until};{session_type};{rand};{user_id};{privileges};;");
    let signature = hex::encode(Sha1::new().chain_update(SECRET_OF_PARTNER_0).chain_update(&info).finalize());
    STANDARD.encode(format!("{signature}|{info}"))
}

pub(crate) fn partner_id(id: u32) -> PartnerId {
    // The id of an account is validated when the account is created.
    PartnerId::new(id).unwrap_or_else(|_| unreachable!("an account has a valid id"))
}

pub(crate) fn secret(text: &str) -> AccountSecret {
    AccountSecret::parse(text).unwrap_or_else(|_| unreachable!("an account has valid secrets"))
}

/// A longer KS is rejected without parsing, because other requests wait while a KS is parsed. A real KS is much
/// shorter.
const MAX_KS: usize = 256 << 10;

fn check_length(ks: &str) -> Result<(), OpenError> {
    if ks.len() > MAX_KS { Err(OpenError::NotBase64) } else { Ok(()) }
}

fn secrets(account: &Account) -> Vec<AccountSecret> {
    account.admin_secrets.iter().map(|each| secret(each.expose())).collect()
}

fn account_named<'a>(accounts: &'a BTreeMap<u32, Arc<Account>>, partner_id: &str) -> Option<&'a Account> {
    accounts.get(&u32::try_from(crate::php::cast::text_to_int(partner_id)).ok()?).map(Arc::as_ref)
}

fn round_up(time: i64) -> i64 {
    let steps = time.div_euclid(DOWNLOAD_STEP).saturating_add(i64::from(time.rem_euclid(DOWNLOAD_STEP) != 0));
    steps.saturating_mul(DOWNLOAD_STEP)
}

/// `microtime(true)` as PHP prints it. The decimals are a counter, so that sessions differ on a frozen clock.
fn php_microtime(now: i64, count: u64) -> String {
    let text = format!("{now}.{:04}", count % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
