//! Kaltura's error codes.

use alloc::string::String;

/// Kaltura's error codes that concern sessions and app tokens; [`Error::code`](crate::Error::code) has every code as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KalturaCode {
    /// `INVALID_KS`: the KS of the request was refused.
    InvalidKs(KsFault),
    /// `APP_TOKEN_ID_NOT_FOUND`: unknown, deleted, or a token of another account or region.
    AppTokenIdNotFound,
    /// `APP_TOKEN_NOT_ACTIVE`: disabled by Kaltura's staff.
    AppTokenNotActive,
    /// `APP_TOKEN_EXPIRED`: the token's own end has passed.
    AppTokenExpired,
    /// `INVALID_APP_TOKEN_HASH`: wrong token value or hash type.
    InvalidAppTokenHash,
    /// `INVALID_WIDGET_ID`: no such account here.
    InvalidWidgetId,
    /// `START_SESSION_ERROR`: wrong account secret.
    StartSessionError,
    /// `SERVICE_FORBIDDEN`: the session may not call this action.
    ServiceForbidden,
    /// `SERVICE_FORBIDDEN_CONTENT_BLOCKED`: the account is blocked or unknown.
    PartnerBlocked,
    /// `SERVICE_ACCESS_CONTROL_RESTRICTED`: by address, country or plain http.
    AccessControlRestricted,
    /// `USER_BLOCKED`
    UserBlocked,
    /// `PARTNER_ACCESS_FORBIDDEN`: the session belongs to another account.
    PartnerAccessForbidden,
    /// `MISSING_KS`
    MissingKs,
    /// `MISSING_MANDATORY_PARAMETER`: absent, or the request's body was lost.
    MissingMandatoryParameter,
    /// `INVALID_ENUM_VALUE`
    InvalidEnumValue,
    /// `INVALID_PARAMETER_CHAR`
    InvalidParameterChar,
    /// `INVALID_FIELD_VALUE`
    InvalidFieldValue,
    /// `PROPERTY_VALIDATION_…`: a property that may not be set so.
    PropertyValidation,
    /// `INVALID_OBJECT_ID`: no such object; with the id `N/A`, a role named by `setrole`.
    InvalidObjectId,
    /// `UNKNOWN_ROLE_ID`
    UnknownRoleId,
    /// `USER_ROLE_NOT_FOUND`
    UserRoleNotFound,
    /// `ROLE_NAME_ALREADY_EXISTS`
    RoleNameAlreadyExists,
    /// `ROLE_IS_BEING_USED`
    RoleIsBeingUsed,
    /// `PERMISSION_NOT_FOUND`
    PermissionNotFound,
    /// `DUPLICATE_USER_BY_ID`
    DuplicateUserById,
    /// `INVALID_USER_ID`
    InvalidUserId,
    /// `SERVICE_DOES_NOT_EXISTS`
    ServiceDoesNotExist,
    /// `ACTION_DOES_NOT_EXISTS`
    ActionDoesNotExist,
    /// `ACTION_BLOCKED`: called too often.
    ActionBlocked,
    /// `LOCK_TIMED_OUT`
    LockTimedOut,
    /// `INTERNAL_SERVERL_ERROR`, `INTERNAL_SERVER_ERROR`, `INTERNAL_DATABASE_ERROR`
    InternalError,
    /// Any other code.
    Other,
}

/// Why a KS was refused: what the `KSID` of `INVALID_KS` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KsFault {
    /// `EXPIRED`: it has ended.
    Expired,
    /// `LOGOUT`: it was ended by `session.end`, or its app token was deleted.
    LoggedOut,
    /// `EXCEEDED_ACTIONS_LIMIT`: used as often as its `actionslimit` allows.
    ActionsLimitExceeded,
    /// `EXCEEDED_RESTRICTED_IP`: used from another address than its `iprestrict` allows.
    RestrictedIp,
    /// `EXCEEDED_RESTRICTED_URI`: used for another URI than its `urirestrict` allows.
    RestrictedUri,
    /// `INVALID_PARTNER`
    InvalidPartner,
    /// `INVALID_USER`
    InvalidUser,
    /// `INVALID_TYPE`: good, but not for this object.
    NotAllowedOnObject,
    /// It could not be read or verified: damaged, or of another server.
    NotRecognised,
}

impl KalturaCode {
    /// The meaning of a code and of its arguments, which are looked up by name.
    pub(crate) fn of<'a>(code: &str, arg: impl Fn(&str) -> Option<&'a str>) -> Self {
        match code {
            "INVALID_KS" => Self::InvalidKs(KsFault::of(arg)),
            "APP_TOKEN_ID_NOT_FOUND" => Self::AppTokenIdNotFound,
            "APP_TOKEN_NOT_ACTIVE" => Self::AppTokenNotActive,
            "APP_TOKEN_EXPIRED" => Self::AppTokenExpired,
            "INVALID_APP_TOKEN_HASH" => Self::InvalidAppTokenHash,
            "INVALID_WIDGET_ID" => Self::InvalidWidgetId,
            "START_SESSION_ERROR" => Self::StartSessionError,
            "SERVICE_FORBIDDEN" => Self::ServiceForbidden,
            "SERVICE_FORBIDDEN_CONTENT_BLOCKED" => Self::PartnerBlocked,
            "SERVICE_ACCESS_CONTROL_RESTRICTED" => Self::AccessControlRestricted,
            "USER_BLOCKED" => Self::UserBlocked,
            "PARTNER_ACCESS_FORBIDDEN" => Self::PartnerAccessForbidden,
            "MISSING_KS" => Self::MissingKs,
            "MISSING_MANDATORY_PARAMETER" => Self::MissingMandatoryParameter,
            "INVALID_ENUM_VALUE" => Self::InvalidEnumValue,
            "INVALID_PARAMETER_CHAR" => Self::InvalidParameterChar,
            "INVALID_FIELD_VALUE" => Self::InvalidFieldValue,
            "INVALID_OBJECT_ID" => Self::InvalidObjectId,
            "UNKNOWN_ROLE_ID" => Self::UnknownRoleId,
            "USER_ROLE_NOT_FOUND" => Self::UserRoleNotFound,
            "ROLE_NAME_ALREADY_EXISTS" => Self::RoleNameAlreadyExists,
            "ROLE_IS_BEING_USED" => Self::RoleIsBeingUsed,
            "PERMISSION_NOT_FOUND" => Self::PermissionNotFound,
            "DUPLICATE_USER_BY_ID" => Self::DuplicateUserById,
            "INVALID_USER_ID" => Self::InvalidUserId,
            "SERVICE_DOES_NOT_EXISTS" => Self::ServiceDoesNotExist,
            "ACTION_DOES_NOT_EXISTS" => Self::ActionDoesNotExist,
            "ACTION_BLOCKED" => Self::ActionBlocked,
            "LOCK_TIMED_OUT" => Self::LockTimedOut,
            "INTERNAL_SERVERL_ERROR" | "INTERNAL_SERVER_ERROR" | "INTERNAL_DATABASE_ERROR" => Self::InternalError,
            code if code.starts_with("PROPERTY_VALIDATION_") => Self::PropertyValidation,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::ActionBlocked | Self::LockTimedOut | Self::InternalError)
    }

    /// Kaltura's own errors are raised before anything changes, but for those that tell of a crash.
    pub(crate) fn may_have_acted(self) -> bool {
        matches!(self, Self::InternalError | Self::Other)
    }

    /// The message, if messages of this code hold no secret: no arguments, or names that the server knows itself.
    ///
    /// An argument that repeats what was sent could be a secret that was put in the wrong place.
    pub(crate) fn harmless_message(self, message: String) -> Option<String> {
        let harmless = matches!(
            self,
            Self::AppTokenIdNotFound
                | Self::AppTokenNotActive
                | Self::AppTokenExpired
                | Self::InvalidAppTokenHash
                | Self::InvalidWidgetId
                | Self::StartSessionError
                | Self::ServiceForbidden
                | Self::PartnerBlocked
                | Self::AccessControlRestricted
                | Self::UserBlocked
                | Self::PartnerAccessForbidden
                | Self::MissingMandatoryParameter
                | Self::InvalidFieldValue
                | Self::InvalidParameterChar
                | Self::PropertyValidation
                | Self::UnknownRoleId
                | Self::UserRoleNotFound
                | Self::RoleNameAlreadyExists
                | Self::RoleIsBeingUsed
                | Self::InvalidUserId
                | Self::ServiceDoesNotExist
                | Self::ActionDoesNotExist
                | Self::ActionBlocked
        );
        let plain =
            message.len() <= 200 && !message.chars().any(char::is_control) && longest_word(&message) <= LONGEST_NAME;
        (harmless && plain).then_some(message)
    }
}

/// No name in a harmless message is longer; a token, a hash and a KS are.
const LONGEST_NAME: usize = 28;

fn longest_word(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric() && !"_-+/=".contains(c)).map(str::len).max().unwrap_or_default()
}

impl KsFault {
    fn of<'a>(arg: impl Fn(&str) -> Option<&'a str>) -> Self {
        match arg("KSID").unwrap_or_default() {
            "EXPIRED" => Self::Expired,
            "LOGOUT" => Self::LoggedOut,
            "EXCEEDED_ACTIONS_LIMIT" => Self::ActionsLimitExceeded,
            "EXCEEDED_RESTRICTED_IP" => Self::RestrictedIp,
            "EXCEEDED_RESTRICTED_URI" => Self::RestrictedUri,
            "INVALID_PARTNER" => Self::InvalidPartner,
            "INVALID_USER" => Self::InvalidUser,
            _ => Self::of_number(arg("ERR_CODE").unwrap_or_default()),
        }
    }

    /// This server's number is always -1, but for objects; older and patched ones give the true one.
    fn of_number(number: &str) -> Self {
        match number {
            "-2" => Self::InvalidPartner,
            "-3" => Self::InvalidUser,
            "-4" => Self::NotAllowedOnObject,
            "-5" => Self::Expired,
            "-6" => Self::LoggedOut,
            "-8" => Self::ActionsLimitExceeded,
            "-9" => Self::RestrictedIp,
            "-11" => Self::RestrictedUri,
            _ => Self::NotRecognised,
        }
    }
}

/// Codes are capitals, digits and underscores; anything else might be a secret in the wrong place.
pub(crate) fn looks_like_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 64
        && text.contains('_')
        && text.bytes().all(allowed)
}
