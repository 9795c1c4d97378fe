//! The values in requests and replies: ids, secrets, times, privileges.

pub(crate) mod change;
pub(crate) mod hash;
pub(crate) mod ids;
pub(crate) mod ks;
pub(crate) mod ks_base64;
pub(crate) mod lifetime;
pub(crate) mod privileges;
pub(crate) mod secrets;
pub(crate) mod session_type;
pub(crate) mod shown_time;
pub(crate) mod text;
pub(crate) mod text_form;
pub(crate) mod time;
pub(crate) mod wiped;

pub use change::Change;
pub use hash::{HashChoice, HashType};
pub use ids::{AppTokenId, PartnerId};
pub use ks::{Ks, KsV1Fields, KsVersion};
pub use ks_base64::decode_ks;
pub use privileges::{Privilege, Privileges};
pub use secrets::{AccountSecret, AppTokenSecret, TokenHash};
pub use session_type::SessionType;
pub use shown_time::{ApproximateDuration, RelativeTime};
pub use time::{Clock, Moment, UnixSeconds};

pub use crate::error::printable::Printable;
