//! The sentences of errors: what happened, and what to do next.

use super::code::{KalturaCode, KsFault};
use crate::error::kind::ErrorKind;

/// What happened.
pub(super) fn what(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "the input was refused",
        ErrorKind::NotSent => "the request could not be sent",
        ErrorKind::NoReply => "no whole reply came; the server may have acted",
        ErrorKind::Redirect => "the server answered with a redirect, status",
        ErrorKind::HttpStatus => "the server answered with HTTP status",
        ErrorKind::EmptyReply => "the reply is empty",
        ErrorKind::HtmlReply => "the reply is a web page, not an answer of the API",
        ErrorKind::XmlReply => "the reply is XML instead of JSON",
        ErrorKind::NullReply => "the reply is null where a result was expected",
        ErrorKind::TruncatedReply => "the reply ends too early",
        ErrorKind::MalformedReply => "the reply is no JSON",
        ErrorKind::TrailingData => "the reply goes on behind its end",
        ErrorKind::UnexpectedReply => "the reply is not what this action returns",
        ErrorKind::MissingResult => "no result came back: the server stopped before this action",
        ErrorKind::OversizedReply => "the reply is larger than any answer of the API",
        ErrorKind::UnusableKs => "the reply holds a KS that is empty or not printable",
        ErrorKind::WrongPartner => "the session that came back belongs to another account",
        ErrorKind::BornExpired => "the server started a session that has already ended",
        ErrorKind::Kaltura(code) => what_kaltura_said(code),
    }
}

fn what_kaltura_said(code: KalturaCode) -> &'static str {
    match code {
        KalturaCode::InvalidKs(fault) => match fault {
            KsFault::Expired => "the KS was refused: it has expired",
            KsFault::LoggedOut => "the KS was refused: it was ended, or its app token was deleted",
            KsFault::ActionsLimitExceeded => "the KS was refused: it was used as often as it may be",
            KsFault::RestrictedIp => "the KS was refused: it is not for this address",
            KsFault::RestrictedUri => "the KS was refused: it is not for this URI",
            KsFault::InvalidPartner => "the KS was refused: its account is not valid",
            KsFault::InvalidUser => "the KS was refused: its user is not valid",
            KsFault::NotAllowedOnObject => "the KS was refused: it is not for this object",
            KsFault::NotRecognised => "the KS was refused: the server does not recognise it",
        },
        KalturaCode::AppTokenIdNotFound => "no such app token in this account",
        KalturaCode::AppTokenNotActive => "the app token is disabled",
        KalturaCode::AppTokenExpired => "the app token has expired",
        KalturaCode::InvalidAppTokenHash => "the token hash was refused",
        KalturaCode::InvalidWidgetId => "no such account at this server",
        KalturaCode::StartSessionError => "the account secret was refused",
        KalturaCode::ServiceForbidden => "the session may not call this action",
        KalturaCode::PartnerBlocked => "the account is blocked or unknown",
        KalturaCode::AccessControlRestricted => "the account's access control forbids the call",
        KalturaCode::UserBlocked => "the session's user is blocked",
        KalturaCode::PartnerAccessForbidden => "the session belongs to another account",
        KalturaCode::ActionBlocked => "the action was called too often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => "the server had a problem of its own",
        _ => "Kaltura refused the call",
    }
}

/// What to do next.
pub(super) fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "correct the value; nothing was sent",
        ErrorKind::NotSent => "check the service URL, the name resolution and the network, then try again",
        ErrorKind::NoReply => "try again; if the call changes something, look first whether it was done",
        ErrorKind::Redirect => {
            "correct the service URL: the API never redirects, so this is another place (https instead of http, or another host)"
        }
        ErrorKind::HttpStatus => {
            "with 429 or 5xx try again later, else check the service URL: Kaltura answers its own errors with 200"
        }
        ErrorKind::EmptyReply | ErrorKind::TruncatedReply => {
            "try again; if the call changes something, look first whether it was done"
        }
        ErrorKind::HtmlReply => {
            "check the service URL: it answers with web pages, as a portal, a proxy or another site does"
        }
        ErrorKind::XmlReply => "check what stands between here and Kaltura: the request's format=1 was lost on the way",
        ErrorKind::NullReply | ErrorKind::MalformedReply | ErrorKind::TrailingData | ErrorKind::UnexpectedReply => {
            "check that the service URL is that of a Kaltura server (OVP), and report the request id to its operator if it is"
        }
        ErrorKind::MissingResult => "send the actions without a result again",
        ErrorKind::OversizedReply => {
            "ask for less at a time, or check that the service URL is that of a Kaltura server"
        }
        ErrorKind::UnusableKs => "report the request id to the server's operator: such a KS cannot be used",
        ErrorKind::WrongPartner => "check that partner id and app token belong to the same account",
        ErrorKind::BornExpired => {
            "give the token a sessionDuration of more than 0 (appToken.update): without one every session it starts has already ended"
        }
        ErrorKind::Kaltura(code) => kaltura(code),
    }
}

fn kaltura(code: KalturaCode) -> &'static str {
    match code {
        KalturaCode::InvalidKs(fault) => match fault {
            KsFault::Expired | KsFault::ActionsLimitExceeded => "start a new session",
            KsFault::LoggedOut => {
                "start a new session once; if that one is ended too, the app token was deleted or session.end was called on one of its sessions"
            }
            KsFault::RestrictedIp | KsFault::RestrictedUri => {
                "use the session from where its iprestrict or urirestrict allows, or change the token's privileges"
            }
            KsFault::NotAllowedOnObject => {
                "use a session with the privilege for this object; a new one of the same kind does not help"
            }
            KsFault::InvalidPartner | KsFault::InvalidUser | KsFault::NotRecognised => {
                "check that the KS is whole and that the service URL is of the region and environment where it was made"
            }
        },
        KalturaCode::AppTokenIdNotFound => {
            "check the token's id, that neither it nor its user was deleted, and that the account lives in the region of the service URL"
        }
        KalturaCode::AppTokenNotActive => "ask Kaltura to enable the token, or use another",
        KalturaCode::AppTokenExpired => {
            "ask the account's administrator for a new token, or to set a later expiry (appToken.update)"
        }
        KalturaCode::InvalidAppTokenHash => "check the token's value and its hash type",
        KalturaCode::InvalidWidgetId => {
            "check the partner id, and that the account lives in the region of the service URL"
        }
        KalturaCode::StartSessionError => {
            "check the account secret, the partner id, and that an admin session is asked with the admin secret"
        }
        KalturaCode::ServiceForbidden => {
            "give the session what the action needs: a privilege or role on the app token, or an admin session; without a valid KS everything is forbidden"
        }
        KalturaCode::PartnerBlocked => "check the partner id; if it is right, ask Kaltura why the account is blocked",
        KalturaCode::AccessControlRestricted => {
            "use https, and call from an address that the account's access control allows"
        }
        KalturaCode::UserBlocked => "ask the account's administrator to unblock the user",
        KalturaCode::PartnerAccessForbidden => "use a session of the account that the object belongs to",
        KalturaCode::MissingMandatoryParameter => {
            "check what stands between here and Kaltura: a lost body looks like this, as does a parameter that was left out"
        }
        KalturaCode::InvalidObjectId | KalturaCode::UnknownRoleId | KalturaCode::UserRoleNotFound => {
            "check the id; N/A means a role that setrole names and that does not exist"
        }
        KalturaCode::ActionDoesNotExist | KalturaCode::ServiceDoesNotExist => {
            "check the name: user.register and user.addRole, which some documents name, do not exist (user.add and user.update with roleIds do that)"
        }
        KalturaCode::ActionBlocked => "wait some ten seconds, then call less often",
        KalturaCode::LockTimedOut | KalturaCode::InternalError => {
            "try again later, and report the request id if it stays"
        }
        _ => "look the code up in Kaltura's API reference, and correct the call",
    }
}
