//! The texts of errors: what happened, and what to do next.

use super::code::{KalturaCode, KsFault};
use crate::error::kind::ErrorKind;

/// What happened.
pub(super) fn description(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "the input is invalid",
        ErrorKind::Conflict => "what exists in the account does not go together with what was requested",
        ErrorKind::NotSent => "the request could not be sent",
        ErrorKind::NoReply => "no complete reply arrived; the server may have executed the request",
        ErrorKind::Redirect => "the server answered with a redirect, status",
        ErrorKind::HttpStatus => "the server answered with HTTP status",
        ErrorKind::EmptyReply => "the reply is empty",
        ErrorKind::HtmlReply => "the reply is a web page, not a reply of the API",
        ErrorKind::XmlReply => "the reply is XML instead of JSON",
        ErrorKind::NullReply => "the reply is null, but a result was expected",
        ErrorKind::TruncatedReply => "the reply ends too early",
        ErrorKind::MalformedReply => "the reply is not JSON",
        ErrorKind::TrailingData => "the reply has trailing data after the JSON",
        ErrorKind::UnexpectedReply => "the reply is not the result that this action returns",
        ErrorKind::MissingResult => "the reply has no result for this action: the server stopped before it",
        ErrorKind::OversizedReply => "the reply is larger than any reply of the API",
        ErrorKind::UnusableKs => "the reply contains a KS that is empty or has whitespace or control characters",
        ErrorKind::WrongPartner => "the session in the reply belongs to another account",
        ErrorKind::WrongSession => "the session in the reply is not the one that was requested",
        ErrorKind::AlreadyExpired => "the server started a session that is already expired",
        ErrorKind::Kaltura(code) => api_error_description(code),
    }
}

fn api_error_description(code: KalturaCode) -> &'static str {
    match code {
        KalturaCode::InvalidKs(fault) => match fault {
            KsFault::Expired => "the KS was refused: it has expired",
            KsFault::LoggedOut => {
                "the KS was refused: it was revoked, by session.end or because its app token was deleted"
            }
            KsFault::ActionsLimitExceeded => "the KS was refused: its actions limit is used up",
            KsFault::RestrictedIp => "the KS was refused: it is not valid for this IP address",
            KsFault::RestrictedUri => "the KS was refused: it is not valid for this URI",
            KsFault::InvalidPartner => "the KS was refused: its account is not valid",
            KsFault::InvalidUser => "the KS was refused: its user is not valid",
            KsFault::NotAllowedOnObject => "the KS was refused: it does not give access to this object",
            KsFault::NotRecognised => "the KS was refused: the server cannot read or verify it",
        },
        KalturaCode::AppTokenIdNotFound => "the app token does not exist in this account",
        KalturaCode::AppTokenNotActive => "the app token is disabled",
        KalturaCode::AppTokenExpired => "the app token has expired",
        KalturaCode::InvalidAppTokenHash => "the token hash was refused",
        KalturaCode::InvalidWidgetId => "the account does not exist on this server",
        KalturaCode::StartSessionError => "the account secret was refused",
        KalturaCode::StartWidgetSessionError => "the server could not start a widget session",
        KalturaCode::MissingKs => "the call needs a session",
        KalturaCode::ServiceForbidden => "the session may not call this action",
        KalturaCode::FeatureForbidden => "the account does not have this feature",
        KalturaCode::PartnerBlocked => "the account is blocked or unknown",
        KalturaCode::AccessControlRestricted => "the account's access control forbids the call",
        KalturaCode::UserBlocked => "the session's user is blocked",
        KalturaCode::PartnerAccessForbidden => "the session belongs to another account",
        KalturaCode::MissingMandatoryParameter => "a parameter is missing",
        KalturaCode::InvalidEnumValue => "a parameter is not one of the values that the server knows",
        KalturaCode::InvalidParameterChar => "a parameter contains a control character",
        KalturaCode::InvalidFieldValue => "a field has a value that the server does not accept",
        KalturaCode::PropertyValidation => "a property cannot be set, or not to this value",
        KalturaCode::UnsafeHtmlTags => "a text contains HTML that the account does not allow",
        KalturaCode::ObjectTypeAbstract => "an object of the request has no usable objectType",
        KalturaCode::InvalidObjectId => "there is no object with this id in the account",
        KalturaCode::UnknownRoleId => "the role in the privilege setrole does not exist",
        KalturaCode::InvalidSetRole => "the privilege setrole has a negative number",
        KalturaCode::InvalidActionsLimit => "the session's privilege actionslimit is not a positive number",
        KalturaCode::UserRoleNotFound => "a role of the user does not exist",
        KalturaCode::RoleNameAlreadyExists => "another role has this name",
        KalturaCode::SystemNameAlreadyExists => "another role has this system name",
        KalturaCode::RoleIsBeingUsed => "a user has the role",
        KalturaCode::PermissionNotFound => "a permission of the role does not exist",
        KalturaCode::DuplicateUserById => "the user already exists",
        KalturaCode::DuplicateUserByLoginId => "another user logs in with this e-mail address",
        KalturaCode::IdAndExternalId => "the user was given both an id and an external id",
        KalturaCode::InvalidUserId => "the user does not exist, or was deleted",
        KalturaCode::CannotRetrieveAnotherUser => "only an admin session may read another user",
        KalturaCode::CannotChangeOwnRole => "a user cannot change their own roles",
        KalturaCode::RootAdminUser => "the user owns the account",
        KalturaCode::AdminUsersQuotaExceeded => "the account has as many administrators as it may have",
        KalturaCode::PasswordStructureInvalid => "the password does not follow the account's rules",
        KalturaCode::ServiceDoesNotExist => "the server has no such service",
        KalturaCode::ActionDoesNotExist => "the service has no such action",
        KalturaCode::ActionNotSpecified => "the request reached the server without the name of its service or action",
        KalturaCode::ActionBlocked => "the action was called too often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => "the server had an internal problem",
        KalturaCode::Other => "Kaltura refused the call",
    }
}

/// What to do next.
pub(super) fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "correct the value; nothing was sent",
        ErrorKind::Conflict => {
            "request what exists, change what exists, or choose another name; the message names what differs"
        }
        ErrorKind::NotSent => "check the service URL, the name resolution and the network, then try again",
        ErrorKind::NoReply => "try again; if the call changes something, check first whether it was executed",
        ErrorKind::Redirect => {
            "correct the service URL: the API never redirects, so this URL is not that of the API (perhaps http instead of https, or another host)"
        }
        ErrorKind::HttpStatus => {
            "for 429 or 5xx try again later, otherwise check the service URL: Kaltura sends its own errors with status 200"
        }
        ErrorKind::EmptyReply | ErrorKind::TruncatedReply => {
            "try again; if the call changes something, check first whether it was executed"
        }
        ErrorKind::HtmlReply => {
            "check the service URL: it returns a web page, as a login portal, a proxy or another site does"
        }
        ErrorKind::XmlReply => {
            "check the proxies between this program and Kaltura: the request's format=1 was lost on the way"
        }
        ErrorKind::NullReply | ErrorKind::MalformedReply | ErrorKind::TrailingData | ErrorKind::UnexpectedReply => {
            "check that the service URL is that of a Kaltura server (OVP); if it is, report the request id to the server's operator"
        }
        ErrorKind::MissingResult => "send the actions without a result again",
        ErrorKind::OversizedReply => {
            "request fewer objects at a time, or check that the service URL is that of a Kaltura server"
        }
        ErrorKind::UnusableKs => "report the request id to the server's operator: this KS cannot be used",
        ErrorKind::WrongPartner => "check that the partner id and the app token belong to the same account",
        ErrorKind::WrongSession => {
            "request the user and type that the app token fixes, or none, or use another token, or set token_may_override if any user and type will do; a session of another app token means that replies were mixed up on the way"
        }
        ErrorKind::AlreadyExpired => {
            "set the token's sessionDuration to more than 0 (appToken.update): otherwise every session that it starts is already expired"
        }
        ErrorKind::Kaltura(code) => api_error_advice(code),
    }
}

fn api_error_advice(code: KalturaCode) -> &'static str {
    match code {
        KalturaCode::InvalidKs(fault) => match fault {
            KsFault::Expired | KsFault::ActionsLimitExceeded => "start a new session",
            KsFault::LoggedOut => {
                "start a new session once; if that one is revoked too, the app token was deleted or session.end was called on one of its sessions"
            }
            KsFault::RestrictedIp | KsFault::RestrictedUri => {
                "use the session from an address and for a URI that its iprestrict and urirestrict allow, or change the token's privileges"
            }
            KsFault::NotAllowedOnObject => {
                "use a session with a privilege for this object; a new session with the same privileges does not help"
            }
            KsFault::InvalidPartner | KsFault::InvalidUser | KsFault::NotRecognised => {
                "check that the KS is complete, and that the service URL is that of the region and environment that issued it"
            }
        },
        KalturaCode::AppTokenIdNotFound => {
            "check the token's id, that neither it nor its user was deleted, and that the account is in the region of the service URL"
        }
        KalturaCode::AppTokenNotActive => "ask Kaltura to enable the token, or use another one",
        KalturaCode::AppTokenExpired => {
            "ask the account's administrator for a new token, or to set a later expiry (appToken.update)"
        }
        KalturaCode::InvalidAppTokenHash => "check the token's value and its hash type",
        KalturaCode::InvalidWidgetId => {
            "check the partner id, and that the account is in the region of the service URL"
        }
        KalturaCode::StartSessionError => {
            "check the account secret and the partner id; an admin session needs the admin secret"
        }
        KalturaCode::ServiceForbidden => {
            "use a session with the permission for the action, by a privilege or role on the app token or as an admin session; without a valid KS every action is forbidden"
        }
        KalturaCode::PartnerBlocked => "check the partner id; if it is right, ask Kaltura why the account is blocked",
        KalturaCode::AccessControlRestricted => {
            "use https, and call from an IP address that the account's access control allows"
        }
        KalturaCode::UserBlocked => "ask the account's administrator to unblock the user",
        KalturaCode::PartnerAccessForbidden => "use a session of the account to which the object belongs",
        KalturaCode::MissingKs => {
            "call with a session; if one was sent, check the partner id and the region of the service URL"
        }
        KalturaCode::StartWidgetSessionError => "try again later, and report the request id if the problem persists",
        KalturaCode::FeatureForbidden => "ask Kaltura to enable the feature for the account, or do without it",
        KalturaCode::MissingMandatoryParameter => {
            "add the missing parameter; if it was sent, check the proxies between this program and Kaltura, because the body was lost on the way"
        }
        KalturaCode::InvalidEnumValue => "use a value of the named type; names such as SHA256 are case-sensitive",
        KalturaCode::InvalidParameterChar => "remove control characters, such as line breaks, from the named field",
        KalturaCode::InvalidFieldValue => "correct the named field",
        KalturaCode::PropertyValidation => {
            "leave the named property out if it cannot be set, or give it a value of the form that the message describes"
        }
        KalturaCode::UnsafeHtmlTags => "remove the HTML from the named property",
        KalturaCode::ObjectTypeAbstract => "add objectType with the name of one of the classes of that object",
        KalturaCode::InvalidObjectId => {
            "check the id, that the object was not deleted, and that it belongs to the account of the session"
        }
        KalturaCode::UnknownRoleId | KalturaCode::InvalidSetRole => SET_ROLE_ADVICE,
        KalturaCode::InvalidActionsLimit => {
            "set the token's privilege actionslimit to a number from 1, or remove it (appToken.update)"
        }
        KalturaCode::UserRoleNotFound => {
            "use ids of roles of this account, not their names, separated by commas; userRole.list shows them"
        }
        KalturaCode::RoleNameAlreadyExists | KalturaCode::SystemNameAlreadyExists => {
            "use the existing role, which userRole.list finds by its name, or choose another name"
        }
        KalturaCode::RoleIsBeingUsed => "remove the role from its users first (user.update with roleIds)",
        KalturaCode::PermissionNotFound => {
            "correct the name of the permission; the permissionNames of the account's roles (userRole.list) show the valid ones"
        }
        KalturaCode::DuplicateUserById => "use the existing user, or choose another id",
        KalturaCode::DuplicateUserByLoginId => "use another e-mail address, or the user who has it",
        KalturaCode::IdAndExternalId => "give the user either an id or an external id",
        KalturaCode::InvalidUserId => {
            "check the user's id; if the session's own user was deleted, its sessions still run but its app tokens are gone too: add the user and a token again (admin::Provision)"
        }
        KalturaCode::CannotRetrieveAnotherUser => {
            "use an admin session, or read the session's own user by leaving the id out"
        }
        KalturaCode::CannotChangeOwnRole => "change the roles with a session of another administrator",
        KalturaCode::RootAdminUser => "use another user; only Kaltura can change the owner of an account",
        KalturaCode::AdminUsersQuotaExceeded => {
            "add the user without isAdmin, delete an administrator who is not needed, or ask Kaltura for more"
        }
        KalturaCode::PasswordStructureInvalid => "choose a password that follows the rules in the message",
        KalturaCode::ActionDoesNotExist | KalturaCode::ServiceDoesNotExist => {
            "check the name: user.register and user.addRole do not exist, although some documents name them (use user.add and user.update with roleIds)"
        }
        KalturaCode::ActionNotSpecified => {
            "check the service URL and the proxies between this program and Kaltura: the end of the URL was lost on the way"
        }
        KalturaCode::ActionBlocked => "wait about ten seconds, then call less often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => {
            "try again later, and report the request id if the problem persists"
        }
        KalturaCode::Other => "look the code up in Kaltura's API reference, and correct the call",
    }
}

const SET_ROLE_ADVICE: &str = "correct the privilege setrole: its value is the id or the system name of a role of this account (userRole.list shows them)";

/// What happened and what to do next, for an error whose argument says more than its code.
pub(super) struct Texts {
    pub(super) description: &'static str,
    pub(super) advice: &'static str,
}

pub(super) fn texts_for_argument<'a>(code: KalturaCode, arg: impl Fn(&str) -> Option<&'a str>) -> Option<Texts> {
    const USER_ID: Texts = Texts {
        description: "the user id has a character that the server does not accept, or is too long",
        advice: "use 1 to 320 ASCII letters, digits or ,!#$%&'*+?^_`{|}~.@- (no whitespace, slash, colon or quote)",
    };
    match (code, arg("FIELD_NAME"), arg("ID")) {
        (KalturaCode::InvalidFieldValue, Some("sessionUserId"), _) => Some(Texts {
            description: "this account needs app tokens with a fixed user, or the server does not accept the id of that user",
            advice: "set the token's session_user_id; if it is set, use ASCII letters, digits or ,!#$%&'*+?^_`{|}~.@- only",
        }),
        (KalturaCode::InvalidFieldValue, Some("id"), _) => Some(USER_ID),
        (KalturaCode::InvalidFieldValue, Some("email"), _) => Some(Texts {
            description: "the e-mail address is missing or invalid",
            advice: "set a valid e-mail address: an administrator needs one to log in",
        }),
        // The server does not know the role's id any more when it reports this (observed on release Venus-22.19.0).
        (KalturaCode::InvalidObjectId, _, Some("N/A")) => Some(Texts {
            description: "the session cannot be used: the role in its privilege setrole does not exist",
            advice: SET_ROLE_ADVICE,
        }),
        _ => None,
    }
}
