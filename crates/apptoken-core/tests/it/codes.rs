//! Each code that a login or the administration of tokens, users and roles can meet, with its kind and its texts.

use std::collections::BTreeSet;

use apptoken_core::api::user;
use apptoken_core::{Call, Error, ErrorKind, KalturaCode, KsFault, RetryPolicy, drive};
use serde_json::{Value, json};

use crate::support::{KS, Script, TOKEN, VirtualClock, endpoint, now, reply};

/// The error of a call that gets this API error.
fn error(code: &str, message: &str, args: Value) -> Error {
    let body = json!({ "code": code, "message": message, "objectType": "KalturaAPIException", "args": args });
    let call = Call::new(endpoint(), user::Get::default()).retry(RetryPolicy::none());
    let script = Script::new([reply(200, body.to_string())]);
    drive(call.start(now()).unwrap(), &script, VirtualClock::default()).unwrap_err().error
}

/// A code with its message and arguments, its kind, words of the text that is shown, and words of the advice.
type Row = (&'static str, &'static str, Value, KalturaCode, &'static str, &'static str);

fn sessions_and_tokens() -> Vec<Row> {
    use KalturaCode::*;
    let none = || json!([]);
    let id = || json!({ "ID": "0_abcd1234" });
    let ks = |reason: &str| json!({ "KSID": reason, "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR" });
    let fault = InvalidKs;
    vec![
        ("INVALID_KS", "m", ks("EXPIRED"), fault(KsFault::Expired), "has expired", "new session"),
        ("INVALID_KS", "m", ks("LOGOUT"), fault(KsFault::LoggedOut), "was revoked", "session.end"),
        (
            "INVALID_KS",
            "m",
            ks("EXCEEDED_ACTIONS_LIMIT"),
            fault(KsFault::ActionsLimitExceeded),
            "used up",
            "new session",
        ),
        ("INVALID_KS", "m", ks("EXCEEDED_RESTRICTED_IP"), fault(KsFault::RestrictedIp), "IP address", "iprestrict"),
        ("INVALID_KS", "m", ks("EXCEEDED_RESTRICTED_URI"), fault(KsFault::RestrictedUri), "URI", "urirestrict"),
        ("INVALID_KS", "m", ks(KS), fault(KsFault::NotRecognised), "cannot read or verify", "region"),
        ("INVALID_KS", "m", ks("INVALID_USER"), fault(KsFault::InvalidUser), "user is not valid", "complete"),
        ("MISSING_KS", "Missing KS, session not established", none(), MissingKs, "needs a session", "with a session"),
        (
            "SERVICE_FORBIDDEN",
            "The access to service [appToken->add] is forbidden",
            json!({ "SERVICE": "appToken->add" }),
            ServiceForbidden,
            "[appToken->add]",
            "privilege or role",
        ),
        (
            "SERVICE_FORBIDDEN_CONTENT_BLOCKED",
            "The access to this service is forbidden since the specified partner is blocked",
            none(),
            PartnerBlocked,
            "blocked or unknown",
            "partner id",
        ),
        (
            "SERVICE_ACCESS_CONTROL_RESTRICTED",
            "The access to service [session->start] is forbidden due to access control restriction",
            none(),
            AccessControlRestricted,
            "access control",
            "https",
        ),
        ("USER_BLOCKED", "this user is blocked", none(), UserBlocked, "is blocked", "unblock"),
        (
            "PARTNER_ACCESS_FORBIDDEN",
            "Partner [101] cannot access partner [102]",
            none(),
            PartnerAccessForbidden,
            "partner [102]",
            "account to which",
        ),
        (
            "APP_TOKEN_ID_NOT_FOUND",
            "Application token id \"0_abcd1234\" not found",
            id(),
            AppTokenIdNotFound,
            "0_abcd1234",
            "region",
        ),
        ("APP_TOKEN_NOT_ACTIVE", "m", id(), AppTokenNotActive, "disabled", "enable"),
        ("APP_TOKEN_EXPIRED", "m", id(), AppTokenExpired, "has expired", "later expiry"),
        ("INVALID_APP_TOKEN_HASH", "m", none(), InvalidAppTokenHash, "hash was refused", "hash type"),
        ("INVALID_WIDGET_ID", "Unknown widget [_9]", none(), InvalidWidgetId, "[_9]", "partner id"),
        (
            "START_SESSION_ERROR",
            "Error while starting session for partner [101]",
            none(),
            StartSessionError,
            "secret was refused",
            "admin secret",
        ),
        ("START_WIDGET_SESSION_ERROR", "m", none(), StartWidgetSessionError, "widget session", "later"),
        ("UNKNOWN_ROLE_ID", "Unknown role id", none(), UnknownRoleId, "setrole", "userRole.list"),
        ("INVALID_SET_ROLE", "Invalid set role id", none(), InvalidSetRole, "setrole", "userRole.list"),
        ("INVALID_ACTIONS_LIMIT", "Invalid actions limit", none(), InvalidActionsLimit, "actionslimit", "from 1"),
    ]
}

fn users_and_roles() -> Vec<Row> {
    use KalturaCode::*;
    let none = || json!([]);
    let field = |name: &str| json!({ "FIELD_NAME": name });
    vec![
        (
            "INVALID_FIELD_VALUE",
            "value in field [sessionUserId] is not valid",
            field("sessionUserId"),
            InvalidFieldValue,
            "needs app tokens with a fixed user",
            "session_user_id",
        ),
        (
            "INVALID_FIELD_VALUE",
            "value in field [id] is not valid",
            field("id"),
            InvalidFieldValue,
            "the user id has a character",
            "1 to 320 ASCII letters",
        ),
        (
            "INVALID_FIELD_VALUE",
            "value in field [email] is not valid",
            field("email"),
            InvalidFieldValue,
            "e-mail address",
            "valid e-mail",
        ),
        (
            "INVALID_FIELD_VALUE",
            "value in field [other] is not valid",
            field("other"),
            InvalidFieldValue,
            "[other]",
            "named field",
        ),
        (
            "INVALID_OBJECT_ID",
            "Invalid object id [N/A]",
            json!({ "ID": "N/A" }),
            InvalidObjectId,
            "role in its privilege setrole",
            "system name of a role",
        ),
        (
            "INVALID_OBJECT_ID",
            "Invalid object id [4711]",
            json!({ "ID": "4711" }),
            InvalidObjectId,
            "[4711]",
            "check the id",
        ),
        (
            "PERMISSION_NOT_FOUND",
            "Permission [CONTENT_MANAGE_ACCESS_CONTROL_BASE] was not found for partner [103]",
            none(),
            PermissionNotFound,
            "[CONTENT_MANAGE_ACCESS_CONTROL_BASE]",
            "userRole.list",
        ),
        (
            "DUPLICATE_USER_BY_ID",
            "User with id [alice@example.org] already exists in system",
            json!({ "UID": "alice@example.org" }),
            DuplicateUserById,
            "[alice@example.org]",
            "existing user",
        ),
        ("DUPLICATE_USER_BY_LOGIN_ID", "email [a@x.com]", none(), DuplicateUserByLoginId, "a@x.com", "another e-mail"),
        (
            "ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE",
            "m",
            none(),
            IdAndExternalId,
            "external id",
            "either an id or an external id",
        ),
        ("INVALID_USER_ID", "Invalid user id", none(), InvalidUserId, "or was deleted", "own user was deleted"),
        ("USER_ID_NOT_FOUND", "userId [bob] not found", none(), InvalidUserId, "[bob]", "user's id"),
        (
            "CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION",
            "cannot retrieve another user \"bob\" using non-admin session",
            json!({ "USER_ID": "bob" }),
            CannotRetrieveAnotherUser,
            "\"bob\"",
            "admin session",
        ),
        ("CANNOT_CHANGE_OWN_ROLE", "m", none(), CannotChangeOwnRole, "own roles", "another administrator"),
        ("CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN", "m", none(), RootAdminUser, "owns the account", "another user"),
        ("CANNOT_DELETE_OR_BLOCK_ROOT_ADMIN_USER", "m", none(), RootAdminUser, "owns the account", "another user"),
        ("ADMIN_LOGIN_USERS_QUOTA_EXCEEDED", "m", none(), AdminUsersQuotaExceeded, "administrators", "without isAdmin"),
        (
            "PASSWORD_STRUCTURE_INVALID",
            "at least 8 characters",
            none(),
            PasswordStructureInvalid,
            "at least 8 characters",
            "rules in the message",
        ),
        ("USER_ROLE_NOT_FOUND", "User role not found", none(), UserRoleNotFound, "role of the user", "not their names"),
        ("ROLE_NAME_ALREADY_EXISTS", "m", none(), RoleNameAlreadyExists, "has this name", "existing role"),
        (
            "SYSTEM_NAME_ALREADY_EXISTS",
            "System name [IMPORTER] already exists",
            none(),
            SystemNameAlreadyExists,
            "[IMPORTER]",
            "existing role",
        ),
        ("ROLE_IS_BEING_USED", "Role is being used", none(), RoleIsBeingUsed, "has the role", "roleIds"),
        ("LOCK_TIMED_OUT", "m", none(), LockTimedOut, "internal problem", "later"),
    ]
}

fn every_action() -> Vec<Row> {
    use KalturaCode::*;
    let none = || json!([]);
    vec![
        (
            "MISSING_MANDATORY_PARAMETER",
            "Missing parameter \"userRoleId\"",
            none(),
            MissingMandatoryParameter,
            "\"userRoleId\"",
            "add the missing parameter",
        ),
        (
            "INVALID_ENUM_VALUE",
            "Invalid enumeration value \"hunter2\" for parameter \"hashType\", expecting enumeration type \"T\"",
            json!({ "ENUM_VAL": "hunter2", "PARAM_NAME": "hashType", "ENUM_TYPE": "KalturaAppTokenHashType" }),
            InvalidEnumValue,
            "parameter \"hashType\", type KalturaAppTokenHashType",
            "case-sensitive",
        ),
        (
            "INVALID_PARAMETER_CHAR",
            "Invalid char in \"description\" field",
            none(),
            InvalidParameterChar,
            "\"description\"",
            "line breaks",
        ),
        (
            "PROPERTY_VALIDATION_NOT_UPDATABLE",
            "The property \"KalturaAppToken::id\" cannot be updated",
            none(),
            PropertyValidation,
            "KalturaAppToken::id",
            "leave the named property out",
        ),
        ("PROPERTY_VALIDATION_CANNOT_BE_NULL", "m", none(), PropertyValidation, "cannot be set", "named property"),
        ("PROPERTY_VALIDATION_MIN_LENGTH", "m", none(), PropertyValidation, "cannot be set", "named property"),
        ("PROPERTY_VALIDATION_WRONG_FORMAT", "m", none(), PropertyValidation, "cannot be set", "named property"),
        ("PROPERTY_VALIDATION_ADMIN_PROPERTY", "m", none(), PropertyValidation, "cannot be set", "named property"),
        ("UNSAFE_HTML_TAGS", "in [KalturaUser]::[title]", none(), UnsafeHtmlTags, "[title]", "HTML"),
        ("OBJECT_TYPE_ABSTRACT", "type \"KalturaX\"", none(), ObjectTypeAbstract, "KalturaX", "objectType"),
        ("FEATURE_FORBIDDEN", "feature [cuePoint]", none(), FeatureForbidden, "[cuePoint]", "ask Kaltura"),
        ("SERVICE_DOES_NOT_EXISTS", "Service \"nope\"", none(), ServiceDoesNotExist, "\"nope\"", "user.add"),
        ("ACTION_DOES_NOT_EXISTS", "Action \"register\"", none(), ActionDoesNotExist, "\"register\"", "user.add"),
        ("SERVICE_NOT_SPECIFIED", "m", none(), ActionNotSpecified, "without the name", "end of the URL"),
        ("ACTION_NOT_SPECIFIED", "m", none(), ActionNotSpecified, "without the name", "end of the URL"),
        ("ACTION_BLOCKED", "Action \"get\" is blocked", none(), ActionBlocked, "too often", "ten seconds"),
        ("INTERNAL_SERVERL_ERROR", "m", none(), InternalError, "internal problem", "later"),
        ("INTERNAL_SERVER_ERROR", "m", none(), InternalError, "internal problem", "later"),
        ("INTERNAL_DATABASE_ERROR", "m", none(), InternalError, "internal problem", "later"),
    ]
}

fn rows() -> Vec<Row> {
    [sessions_and_tokens(), users_and_roles(), every_action()].concat()
}

#[test]
fn each_code_says_what_it_is_about_and_what_to_do() {
    for (code, message, args, kind, shown, advice) in rows() {
        let error = error(code, message, args.clone());
        assert_eq!(error.kind(), ErrorKind::Kaltura(kind), "{code}");
        assert!(error.to_string().contains(shown), "{code} {args}: {error}");
        assert!(error.advice().contains(advice), "{code} {args}: {}", error.advice());
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// An argument can be a secret that the caller put in the wrong field.
#[test]
fn no_code_repeats_a_secret_of_its_arguments() {
    for (code, _, _, _, _, _) in rows() {
        for secret in [TOKEN, KS] {
            let names =
                ["ID", "UID", "USER_ID", "FIELD_NAME", "KSID", "ENUM_VAL", "PARAM_NAME", "ERR_TEXT", "SYS_NAME"];
            let args = json!(names.iter().map(|name| (*name, secret)).collect::<std::collections::BTreeMap<_, _>>());
            let error = error(code, &format!("the value [{secret}] is wrong"), args);
            let shown = crate::garbage::texts(&error) + &error.advice();
            assert!(!shown.contains(&secret[..12]), "{code}: {shown}");
        }
    }
}

/// The services whose actions this library calls itself.
const SERVICES: [&str; 4] = ["session", "apptoken", "user", "userrole"];

#[test]
fn every_recorded_code_of_these_services_is_known() {
    let known: BTreeSet<&str> = rows().iter().map(|row| row.0).collect();
    let mut recorded = BTreeSet::new();
    for scenario in apptoken_golden::scenarios() {
        for step in &scenario.steps {
            let path = step["request"]["path"].as_str().unwrap_or_default().to_lowercase();
            if SERVICES.iter().any(|service| path.contains(&format!("/service/{service}/"))) {
                recorded.extend(step["expect"]["body"]["code"].as_str().map(str::to_owned));
            }
        }
    }
    assert!(recorded.len() > 15, "{recorded:?}");
    let unknown: Vec<_> = recorded.iter().filter(|code| !known.contains(code.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Kaltura raises its errors before it changes anything, except for a crash. Of an unknown code, nothing is known.
#[test]
fn only_a_crash_or_an_unknown_code_may_have_acted() {
    for (code, _, args, kind, ..) in rows() {
        assert_eq!(error(code, "m", args).may_have_acted(), kind == KalturaCode::InternalError, "{code}");
    }
    assert!(error("NEVER_SEEN_BEFORE", "m", json!([])).may_have_acted());
}

#[test]
fn only_an_unknown_code_is_to_be_looked_up() {
    for (code, ..) in rows() {
        let error = error(code, "m", json!([]));
        assert!(!error.advice().contains("look the code up"), "{code}: {}", error.advice());
    }
    assert!(error("NEVER_SEEN_BEFORE", "m", json!([])).advice().contains("look the code up"));
}
