//! Kaltura's error codes.

use alloc::format;
use alloc::string::String;

/// Kaltura's error codes that concern sessions, app tokens, users and roles (`api_v3/lib/KalturaErrors.php`).
///
/// [`Error::code`](crate::Error::code) returns every code as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KalturaCode {
    /// `INVALID_KS`: the KS of the request was refused.
    InvalidKs(KsFault),
    /// `APP_TOKEN_ID_NOT_FOUND`: the token is unknown or deleted, or belongs to another account or region.
    AppTokenIdNotFound,
    /// `APP_TOKEN_NOT_ACTIVE`: the token is disabled, which only Kaltura's staff can do.
    AppTokenNotActive,
    /// `APP_TOKEN_EXPIRED`: the token itself has expired.
    AppTokenExpired,
    /// `INVALID_APP_TOKEN_HASH`: the token's value or hash type is wrong.
    InvalidAppTokenHash,
    /// `INVALID_WIDGET_ID`: the account does not exist on this server.
    InvalidWidgetId,
    /// `START_SESSION_ERROR`: the account secret is wrong.
    StartSessionError,
    /// `START_WIDGET_SESSION_ERROR`: the server failed to start a widget session.
    StartWidgetSessionError,
    /// `SERVICE_FORBIDDEN`: the session may not call this action.
    ServiceForbidden,
    /// `SERVICE_FORBIDDEN_CONTENT_BLOCKED`: the account is blocked or unknown.
    PartnerBlocked,
    /// `SERVICE_ACCESS_CONTROL_RESTRICTED`: the account forbids calls from this address or country, or by plain http.
    AccessControlRestricted,
    /// `USER_BLOCKED`: the user of the session is blocked.
    UserBlocked,
    /// `PARTNER_ACCESS_FORBIDDEN`: the session belongs to another account.
    PartnerAccessForbidden,
    /// `MISSING_KS`: the call needs a KS.
    MissingKs,
    /// `MISSING_MANDATORY_PARAMETER`: a parameter is missing, or the request's body was lost.
    MissingMandatoryParameter,
    /// `INVALID_ENUM_VALUE`: a parameter is not one of the allowed values.
    InvalidEnumValue,
    /// `INVALID_PARAMETER_CHAR`: a parameter contains a control character.
    InvalidParameterChar,
    /// `INVALID_FIELD_VALUE`: a field has an invalid value, such as a user id with a space. For `sessionUserId`, also: the
    /// account needs app tokens with a fixed user.
    InvalidFieldValue,
    /// `PROPERTY_VALIDATION_…`: a property cannot be set, or not to this value.
    PropertyValidation,
    /// `UNSAFE_HTML_TAGS`: a text contains HTML that the account does not allow.
    UnsafeHtmlTags,
    /// `OBJECT_TYPE_ABSTRACT`: an object of the request needs an `objectType`, and has none that the server knows.
    ObjectTypeAbstract,
    /// `INVALID_OBJECT_ID`: the object does not exist. With the id `N/A`, the role in the privilege `setrole`.
    InvalidObjectId,
    /// `UNKNOWN_ROLE_ID`: the role in the privilege `setrole` does not exist (`session.start` only).
    UnknownRoleId,
    /// `INVALID_SET_ROLE`: the privilege `setrole` has a negative number.
    InvalidSetRole,
    /// `INVALID_ACTIONS_LIMIT`: the privilege `actionslimit` is not a positive number.
    InvalidActionsLimit,
    /// `USER_ROLE_NOT_FOUND`: a role in `roleIds` does not exist.
    UserRoleNotFound,
    /// `ROLE_NAME_ALREADY_EXISTS`: another role has this name.
    RoleNameAlreadyExists,
    /// `SYSTEM_NAME_ALREADY_EXISTS`: another role has this system name.
    SystemNameAlreadyExists,
    /// `ROLE_IS_BEING_USED`: a user has the role, so it cannot be deleted.
    RoleIsBeingUsed,
    /// `PERMISSION_NOT_FOUND`: a permission of the role does not exist.
    PermissionNotFound,
    /// `DUPLICATE_USER_BY_ID`: the user exists.
    DuplicateUserById,
    /// `DUPLICATE_USER_BY_LOGIN_ID`: another user logs in with this e-mail address.
    DuplicateUserByLoginId,
    /// `ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE`: the user was given both an id and an external id.
    IdAndExternalId,
    /// `INVALID_USER_ID` or `USER_ID_NOT_FOUND`: the user does not exist, or was deleted.
    InvalidUserId,
    /// `CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION`: only an admin session may read another user.
    CannotRetrieveAnotherUser,
    /// `CANNOT_CHANGE_OWN_ROLE`: users cannot change their own roles.
    CannotChangeOwnRole,
    /// `CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN` or `CANNOT_DELETE_OR_BLOCK_ROOT_ADMIN_USER`: the user owns the account.
    RootAdminUser,
    /// `ADMIN_LOGIN_USERS_QUOTA_EXCEEDED`: the account has as many administrators as it may have.
    AdminUsersQuotaExceeded,
    /// `PASSWORD_STRUCTURE_INVALID`: the password does not follow the account's rules.
    PasswordStructureInvalid,
    /// `FEATURE_FORBIDDEN`: the account does not have this feature.
    FeatureForbidden,
    /// `SERVICE_NOT_SPECIFIED` or `ACTION_NOT_SPECIFIED`: the URL that arrived names no service or action.
    ActionNotSpecified,
    /// `SERVICE_DOES_NOT_EXISTS`: the service does not exist.
    ServiceDoesNotExist,
    /// `ACTION_DOES_NOT_EXISTS`: the service has no such action.
    ActionDoesNotExist,
    /// `ACTION_BLOCKED`: the action was called too often.
    ActionBlocked,
    /// `LOCK_TIMED_OUT`: another request was creating the same user.
    LockTimedOut,
    /// `INTERNAL_SERVERL_ERROR` (the server's spelling), `INTERNAL_SERVER_ERROR` or `INTERNAL_DATABASE_ERROR`.
    InternalError,
    /// Any other code.
    Other,
}

/// Why a KS was refused: the reason in the argument `KSID` of `INVALID_KS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KsFault {
    /// `EXPIRED`: the session has expired.
    Expired,
    /// `LOGOUT`: the session was revoked, by `session.end` or because its app token was deleted.
    LoggedOut,
    /// `EXCEEDED_ACTIONS_LIMIT`: the session was used as often as its `actionslimit` allows.
    ActionsLimitExceeded,
    /// `EXCEEDED_RESTRICTED_IP`: its `iprestrict` does not allow the caller's address.
    RestrictedIp,
    /// `EXCEEDED_RESTRICTED_URI`: its `urirestrict` does not allow the URI.
    RestrictedUri,
    /// `INVALID_PARTNER`: the account of the session is not valid.
    InvalidPartner,
    /// `INVALID_USER`: the user of the session is not valid.
    InvalidUser,
    /// `INVALID_TYPE`: the session is valid, but does not give access to this object.
    NotAllowedOnObject,
    /// The KS could not be read or verified: it is damaged, or another server issued it.
    NotRecognised,
}

impl KalturaCode {
    /// The variant for a code and its arguments, which `arg` returns by name.
    pub(crate) fn of<'a>(code: &str, arg: impl Fn(&str) -> Option<&'a str>) -> Self {
        match code {
            "INVALID_KS" => Self::InvalidKs(KsFault::of(arg)),
            "APP_TOKEN_ID_NOT_FOUND" => Self::AppTokenIdNotFound,
            "APP_TOKEN_NOT_ACTIVE" => Self::AppTokenNotActive,
            "APP_TOKEN_EXPIRED" => Self::AppTokenExpired,
            "INVALID_APP_TOKEN_HASH" => Self::InvalidAppTokenHash,
            "INVALID_WIDGET_ID" => Self::InvalidWidgetId,
            "START_SESSION_ERROR" => Self::StartSessionError,
            "START_WIDGET_SESSION_ERROR" => Self::StartWidgetSessionError,
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
            "UNSAFE_HTML_TAGS" => Self::UnsafeHtmlTags,
            "OBJECT_TYPE_ABSTRACT" => Self::ObjectTypeAbstract,
            "INVALID_OBJECT_ID" => Self::InvalidObjectId,
            "UNKNOWN_ROLE_ID" => Self::UnknownRoleId,
            "INVALID_SET_ROLE" => Self::InvalidSetRole,
            "INVALID_ACTIONS_LIMIT" => Self::InvalidActionsLimit,
            "USER_ROLE_NOT_FOUND" => Self::UserRoleNotFound,
            "ROLE_NAME_ALREADY_EXISTS" => Self::RoleNameAlreadyExists,
            "SYSTEM_NAME_ALREADY_EXISTS" => Self::SystemNameAlreadyExists,
            "ROLE_IS_BEING_USED" => Self::RoleIsBeingUsed,
            "PERMISSION_NOT_FOUND" => Self::PermissionNotFound,
            "DUPLICATE_USER_BY_ID" => Self::DuplicateUserById,
            "DUPLICATE_USER_BY_LOGIN_ID" => Self::DuplicateUserByLoginId,
            "ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE" => Self::IdAndExternalId,
            "INVALID_USER_ID" | "USER_ID_NOT_FOUND" => Self::InvalidUserId,
            "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION" => Self::CannotRetrieveAnotherUser,
            "CANNOT_CHANGE_OWN_ROLE" => Self::CannotChangeOwnRole,
            "CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN" | "CANNOT_DELETE_OR_BLOCK_ROOT_ADMIN_USER" => Self::RootAdminUser,
            "ADMIN_LOGIN_USERS_QUOTA_EXCEEDED" => Self::AdminUsersQuotaExceeded,
            "PASSWORD_STRUCTURE_INVALID" => Self::PasswordStructureInvalid,
            "FEATURE_FORBIDDEN" => Self::FeatureForbidden,
            "SERVICE_NOT_SPECIFIED" | "ACTION_NOT_SPECIFIED" => Self::ActionNotSpecified,
            "SERVICE_DOES_NOT_EXISTS" => Self::ServiceDoesNotExist,
            "ACTION_DOES_NOT_EXISTS" => Self::ActionDoesNotExist,
            "ACTION_BLOCKED" => Self::ActionBlocked,
            "LOCK_TIMED_OUT" => Self::LockTimedOut,
            "INTERNAL_SERVERL_ERROR" | "INTERNAL_SERVER_ERROR" | "INTERNAL_DATABASE_ERROR" => Self::InternalError,
            code if code.starts_with("PROPERTY_VALIDATION_") => Self::PropertyValidation,
            _ => Self::Other,
        }
    }

    /// Whether the same request can succeed later: after a rate limit (10 s by default), after a lock on the creation of a
    /// user (2 s), and after an exception or a database failure on the server.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::ActionBlocked | Self::LockTimedOut | Self::InternalError)
    }

    /// Kaltura raises API errors before it changes anything, except for those that report a crash.
    pub(crate) fn may_have_acted(self) -> bool {
        matches!(self, Self::InternalError | Self::Other)
    }

    /// What the server says of the error, if that cannot contain a secret.
    ///
    /// An argument that repeats a value of the request could be a secret that the caller put in the wrong field, so a text
    /// with a word as long as a secret is dropped. `INVALID_KS` repeats the whole KS, and `INVALID_ENUM_VALUE` a value
    /// that can be short, so nothing of these values is shown.
    pub(crate) fn text_without_secrets<'a>(
        self,
        message: String,
        arg: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<String> {
        let text = match self {
            Self::InvalidKs(_) | Self::InternalError | Self::Other => return None,
            Self::InvalidEnumValue => format!("parameter \"{}\", type {}", arg("PARAM_NAME")?, arg("ENUM_TYPE")?),
            _ => message,
        };
        is_safe_text(&text).then_some(text)
    }
}

/// Whether a text is too short to be or to contain a secret, word by word.
pub(crate) fn is_safe_text(text: &str) -> bool {
    // A name of a permission can be longer than a secret, but no secret looks like one.
    let is_safe_word = |word: &str| word.len() <= LONGEST_SAFE_WORD || looks_like_code(word);
    text.len() <= 200 && !text.chars().any(char::is_control) && words(text).all(is_safe_word)
}

/// A longer word is shown only if it looks like a code: a token has 32 characters, a hash 32 or more, a KS many more.
const LONGEST_SAFE_WORD: usize = 28;

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !"_-+/=".contains(c))
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

    /// Release Venus-22.19.0 always sends -1 here (`getExceptionObject` in `api_v3/lib/KalturaFrontController.php`), except
    /// for access to an object, so `KSID` is read first. Older and patched servers send the real number.
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

/// The arguments in the message of `INVALID_KS`: `Invalid KS "<KSID>", Error "<ERR_CODE>,<ERR_DESC>"`.
pub(crate) struct InvalidKsMessage<'a> {
    ks_id: &'a str,
    error_number: &'a str,
}

impl<'a> InvalidKsMessage<'a> {
    pub(crate) fn parse(message: &'a str) -> Option<Self> {
        let (ks_id, error) = message.strip_prefix("Invalid KS \"")?.split_once("\", Error \"")?;
        let (error_number, _) = error.split_once(',')?;
        Some(Self { ks_id, error_number })
    }

    /// The argument with the name that it has in the error object.
    pub(crate) fn arg(&self, name: &str) -> Option<&'a str> {
        match name {
            "KSID" => Some(self.ks_id),
            "ERR_CODE" => Some(self.error_number),
            _ => None,
        }
    }
}

/// Whether a text has the form of an error code: upper case, digits and underscores. Another text could be a secret.
pub(crate) fn looks_like_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 64
        && text.contains('_')
        && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn only_short_texts_of_short_words_or_codes_are_safe() {
        let of = |word: &str, count| alloc::vec![word; count].join(" ");
        assert!(is_safe_text(&of("word", 40)) && !is_safe_text(&of("word", 41)));
        assert!(!is_safe_text("a\tb"));
        assert!(is_safe_text(&"a".repeat(28)) && !is_safe_text(&"a".repeat(29)));
        assert!(is_safe_text("BASE_USER_SESSION_PERMISSION_2") && !is_safe_text("BASEUSERSESSIONPERMISSIONOFALL"));
    }

    #[test]
    fn a_code_is_short_upper_case_with_an_underscore() {
        let long = |length: usize| alloc::format!("A_{}", "B".repeat(length - 2));
        for code in ["A_B", "A_1", "A_", &long(64)] {
            assert!(looks_like_code(code), "{code}");
        }
        for text in ["", "AB", "_A", "1_A", "A_b", "a_B", "A_B-C", "A_ B", &long(65)] {
            assert!(!looks_like_code(text), "{text}");
        }
    }

    #[test]
    fn the_message_of_a_refused_ks_names_the_reason() {
        for (message, fault) in [
            (r#"Invalid KS "EXPIRED", Error "-1,INVALID_STR""#, KsFault::Expired),
            (r#"Invalid KS "LOGOUT", Error "-1,INVALID_STR""#, KsFault::LoggedOut),
            (r#"Invalid KS "EXCEEDED_ACTIONS_LIMIT", Error "-1,INVALID_STR""#, KsFault::ActionsLimitExceeded),
            (r#"Invalid KS "", Error "-4,INVALID_TYPE""#, KsFault::NotAllowedOnObject),
            (r#"Invalid KS "djJ8MTAxfA", Error "-1,INVALID_STR""#, KsFault::NotRecognised),
            (r#"Invalid KS "djJ8MTAxfA", Error "-2,INVALID_PARTNER""#, KsFault::InvalidPartner),
            (r#"Invalid KS "djJ8MTAxfA", Error "-3,INVALID_USER""#, KsFault::InvalidUser),
            (r#"Invalid KS "djJ8MTAxfA", Error "-5,EXPIRED""#, KsFault::Expired),
            (r#"Invalid KS "djJ8MTAxfA", Error "-6,LOGOUT""#, KsFault::LoggedOut),
            (r#"Invalid KS "djJ8MTAxfA", Error "-8,EXCEEDED_ACTIONS_LIMIT""#, KsFault::ActionsLimitExceeded),
            (r#"Invalid KS "djJ8MTAxfA", Error "-9,EXCEEDED_RESTRICTED_IP""#, KsFault::RestrictedIp),
            (r#"Invalid KS "djJ8MTAxfA", Error "-11,EXCEEDED_RESTRICTED_URI""#, KsFault::RestrictedUri),
            ("another text", KsFault::NotRecognised),
            ("", KsFault::NotRecognised),
        ] {
            let error = Error::from_kaltura("INVALID_KS", message);
            assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)), "{message}");
            assert_eq!((error.code(), error.server_message()), (Some("INVALID_KS"), None));
        }
    }

    #[test]
    fn an_error_of_another_client_holds_no_secret() {
        let secret = "00112233445566778899aabbccddeeff";
        let error = Error::from_kaltura(secret, secret);
        assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::Other));
        assert!(!alloc::format!("{error:#} {error:?}").contains("0011"));
    }
}
