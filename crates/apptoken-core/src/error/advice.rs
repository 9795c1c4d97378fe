//! The texts of errors: what happened, and what to do next.

use super::code::{KalturaCode, KsFault};
use crate::error::kind::ErrorKind;

/// What happened.
pub(super) fn description(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "the input is invalid",
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
        KalturaCode::ServiceForbidden => "the session may not call this action",
        KalturaCode::PartnerBlocked => "the account is blocked or unknown",
        KalturaCode::AccessControlRestricted => "the account's access control forbids the call",
        KalturaCode::UserBlocked => "the session's user is blocked",
        KalturaCode::PartnerAccessForbidden => "the session belongs to another account",
        KalturaCode::ActionBlocked => "the action was called too often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => "the server had an internal problem",
        _ => "Kaltura refused the call",
    }
}

/// What to do next.
pub(super) fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "correct the value; nothing was sent",
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
        KalturaCode::MissingMandatoryParameter => {
            "add the missing parameter; if it was sent, check the proxies between this program and Kaltura, because the body was lost on the way"
        }
        KalturaCode::InvalidObjectId | KalturaCode::UnknownRoleId | KalturaCode::UserRoleNotFound => {
            "check the id; N/A means that the role in the privilege setrole does not exist"
        }
        KalturaCode::ActionDoesNotExist | KalturaCode::ServiceDoesNotExist => {
            "check the name: user.register and user.addRole do not exist, although some documents name them (use user.add and user.update with roleIds)"
        }
        KalturaCode::ActionBlocked => "wait about ten seconds, then call less often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => {
            "try again later, and report the request id if the problem persists"
        }
        _ => "look the code up in Kaltura's API reference, and correct the call",
    }
}
