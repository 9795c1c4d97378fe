//! API errors: their codes, messages and argument names.

use std::borrow::Cow;

use crate::php::strip_tags::strip_tags;

/// An API error.
///
/// The message is built when the reply is serialized. Arguments can be long, and the server is locked when the error is
/// created.
#[derive(Clone)]
pub(crate) struct ApiError {
    pub(crate) code: String,
    text: ErrorText,
    /// The original values. The server removes HTML tags from them in a reply.
    args: Vec<(Cow<'static, str>, Option<String>)>,
}

#[derive(Clone)]
enum ErrorText {
    /// With `@NAME@` for each argument.
    Template(&'static str),
    Message(String),
}

/// Why an action has no result.
pub(crate) enum Failure {
    /// An error of the API.
    Api(ApiError),
    /// An error of an action that returns a file: HTTP 200 with an empty body, and the code in a header.
    NoFile(ApiError),
    /// A fatal PHP error: HTTP 500 with an empty body.
    Crash,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// The code, argument names and message of an error.
pub(crate) struct Template {
    code: &'static str,
    args: &'static [&'static str],
    text: &'static str,
}

impl Template {
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The error with these arguments, in the order of their names.
    pub(crate) fn with(&self, values: &[&str]) -> ApiError {
        let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
        self.with_some(&values)
    }

    /// The error with these arguments; a missing one is shown as `N/A`.
    pub(crate) fn with_some(&self, values: &[Option<&str>]) -> ApiError {
        let given = |at: usize| values.get(at).copied().flatten().map(str::to_owned);
        let args = self.args.iter().enumerate().map(|(at, name)| ((*name).into(), given(at))).collect();
        ApiError { code: self.code.to_owned(), text: ErrorText::Template(self.text), args }
    }

    /// The error without arguments.
    pub(crate) fn plain(&self) -> ApiError {
        self.with(&[])
    }
}

impl ApiError {
    /// An error of a table: `text` has the names of the arguments between `@`, and a missing value is shown as `N/A`.
    pub(crate) fn new(
        code: &str,
        text: &'static str,
        args: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> Self {
        let args = args.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { code: code.to_owned(), text: ErrorText::Template(text), args }
    }

    /// An error with any code, for faults. The message is that of the code if the code is known.
    pub(crate) fn of_code(code: &str) -> Self {
        match ALL.iter().find(|template| template.code == code) {
            Some(template) => template.plain(),
            None => Self { code: code.to_owned(), text: ErrorText::Message(code.to_owned()), args: Vec::new() },
        }
    }

    /// The error with another message and other arguments.
    pub(crate) fn worded(self, message: String, args: impl IntoIterator<Item = (String, String)>) -> Self {
        let args = args.into_iter().map(|(name, value)| (name.into(), Some(value))).collect();
        Self { text: ErrorText::Message(message), args, ..self }
    }

    /// An error of the table by its code, with an argument if it has one.
    pub(crate) fn of_code_with(code: &str, argument: &str) -> Self {
        ALL.iter()
            .find(|template| template.code == code)
            .map_or_else(|| Self::of_code(code), |known| known.with(&[argument]))
    }

    /// The message with its arguments.
    pub(crate) fn message(&self) -> String {
        match &self.text {
            ErrorText::Template(text) => self
                .args()
                .fold((*text).to_owned(), |message, (name, value)| message.replace(&format!("@{name}@"), &value)),
            ErrorText::Message(message) => message.clone(),
        }
    }

    /// The arguments as they appear in a reply.
    pub(crate) fn args(&self) -> impl ExactSizeIterator<Item = (&str, String)> {
        self.args.iter().map(|(name, value)| (&**name, value.as_deref().map_or_else(|| "N/A".to_owned(), strip_tags)))
    }

    /// Its approximate size in a reply, which contains the arguments twice.
    pub(crate) fn size(&self) -> usize {
        let args: usize = self.args.iter().filter_map(|(_, value)| value.as_ref()).map(String::len).sum();
        let text = match &self.text {
            ErrorText::Template(text) => text.len(),
            ErrorText::Message(message) => message.len(),
        };
        text + 2 * args
    }
}

macro_rules! templates {
    ($($name:ident [$($arg:literal),*] $text:literal)*) => {
        $(pub(crate) const $name: Template = Template { code: stringify!($name), args: &[$($arg),*], text: $text };)*

        const ALL: &[&Template] = &[$(&$name),*];
    };
}

templates! {
    ACTION_BLOCKED ["ACTION_NAME", "SERVICE_NAME"] "Action \"@ACTION_NAME@\" in service \"@SERVICE_NAME@\" is blocked"
    ACTION_DOES_NOT_EXISTS ["ACTION_NAME", "SERVICE_NAME"] "Action \"@ACTION_NAME@\" does not exists for service \"@SERVICE_NAME@\""
    ACTION_FORBIDDEN ["ACTION_NAME"] "Action \"@ACTION_NAME@\" is forbidden for use"
    ADMIN_LOGIN_USERS_QUOTA_EXCEEDED [] "Partner login users quota exceeded"
    APP_GUID_NOT_FOUND ["APP_GUID"] "App GUID [\"@APP_GUID@\"] not found"
    APP_TOKEN_EXPIRED ["ID"] "Application token id \"@ID@\" expired"
    APP_TOKEN_ID_NOT_FOUND ["ID"] "Application token id \"@ID@\" not found"
    APP_TOKEN_NOT_ACTIVE ["ID"] "Application token id \"@ID@\" not active"
    CANNOT_CHANGE_OWN_ROLE [] "User cannot change his own role"
    CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION ["USER_ID"] "cannot retrieve another user \"@USER_ID@\" using non-admin session"
    CANNOT_SET_ROOT_ADMIN_AS_NO_ADMIN [] "Root admin user cannot be set to not admin"
    CAPTION_ASSET_IS_NOT_READY ["ASSET_ID"] "Caption asset \"@ASSET_ID@\" is not ready"
    CATEGORY_ENTRY_ALREADY_EXISTS [] "Entry already assigned to this category"
    CATEGORY_NOT_FOUND ["ID"] "Category id \"@ID@\" not found"
    DUPLICATE_CATEGORY ["CATEGORY"] "The category \"@CATEGORY@\" already exists"
    DUPLICATE_USER_BY_ID ["UID"] "User with id [@UID@] already exists in system"
    DUPLICATE_USER_BY_LOGIN_ID ["EMAIL"] "Loginable user with email [@EMAIL@] already exists in system"
    EMULATOR_NO_ANSWER ["ACTION"] "The emulator has no answer for @ACTION@. The call is valid and allowed, but the emulator does not model this action. Set an answer of your own for it: `answers` in the configuration, POST /__control/answers, or `Fake::answer`"
    ENTRY_ALREADY_WITH_CONTENT [] "Entry already associated with content"
    ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY [] "Entry doesn't assigned to category"
    FEATURE_FORBIDDEN ["FEATURE"] "The usage of feature [@FEATURE@] is forbidden"
    FLAVOR_ASSET_IS_NOT_READY [] "The flavor asset is not ready"
    ID_AND_EXTERNAL_ID_ARE_MUTUALLY_EXCLUSIVE [] "User operations with both id and external id not allowed"
    INTERNAL_DATABASE_ERROR [] "Internal database error"
    INTERNAL_SERVERL_ERROR [] "Internal server error occurred"
    INVALID_ACTIONS_LIMIT [] "Invalid actions limit"
    INVALID_APP_GUID ["APP_GUID"] "App GUID [\"@APP_GUID@\"] is not a valid Mongo DB Object ID"
    INVALID_APP_TOKEN_HASH [] "Invalid application token hash"
    INVALID_ENTRY_MEDIA_TYPE ["ENTRY_NAME", "WRONG_MEDIA_TYPE", "RIGHT_MEDIA_TYPE"] "Entry \"@ENTRY_NAME@\" media type is \"@WRONG_MEDIA_TYPE@\", media type must be \"@RIGHT_MEDIA_TYPE@\""
    INVALID_ENUM_VALUE ["ENUM_VAL", "PARAM_NAME", "ENUM_TYPE"] "Invalid enumeration value \"@ENUM_VAL@\" for parameter \"@PARAM_NAME@\", expecting enumeration type \"@ENUM_TYPE@\""
    INVALID_FIELD_VALUE ["FIELD_NAME"] "value in field [@FIELD_NAME@] is not valid"
    INVALID_KS ["KSID", "ERR_CODE", "ERR_DESC"] "Invalid KS \"@KSID@\", Error \"@ERR_CODE@,@ERR_DESC@\""
    INVALID_LANGUAGE_CODE ["LANGUAGE_CODE"] " Invalid language code [\"@LANGUAGE_CODE@\"]"
    INVALID_OBJECT_ID ["ID"] "Invalid object id [@ID@]"
    INVALID_PARAMETER_CHAR ["XML_FIELD"] "Invalid char in \"@XML_FIELD@\" field"
    INVALID_SET_ROLE [] "Invalid set role id"
    INVALID_USER_ID [] "Invalid user id"
    INVALID_WIDGET_ID ["WIDGET_ID"] "Unknown widget [@WIDGET_ID@]"
    LOCK_TIMED_OUT [] "Timed out while attempting to grab lock"
    MANDATORY_PARAMETER_MISSING ["PARAM_NAME"] "Mandatory parameter missing [@PARAM_NAME@]"
    MISSING_KS [] "Missing KS, session not established"
    MISSING_MANDATORY_PARAMETER ["PARAM_NAME"] "Missing parameter \"@PARAM_NAME@\""
    MUST_FILTER_ON_ENTRY_OR_CATEGORY [] "Must filter on entry id or category"
    MUST_FILTER_ON_OBJECT_ID [] "Must filter on object id"
    MUST_FILTER_USERS_OR_APP_GUID_OR_USER_ROLE [] "Must filter users or app guids or user roles"
    MUST_FILTER_USERS_OR_CATEGORY [] "Must filter users or categories"
    OBJECT_TYPE_ABSTRACT ["OBJ_TYPE"] "The object type \"@OBJ_TYPE@\" is abstract, use one of the object implementations"
    PARTNER_ACCESS_FORBIDDEN ["ACCESSING_PID", "ACCESSED_PID"] "Partner [@ACCESSING_PID@] cannot access partner [@ACCESSED_PID@]"
    PASSWORD_STRUCTURE_INVALID ["RULES"] "The password you entered has an invalid structure.\nPasswords must obey the following rules :\n@RULES@"
    PERMISSION_NOT_FOUND ["ERR_TEXT"] "@ERR_TEXT@"
    PROPERTY_VALIDATION_ADMIN_PROPERTY ["PROP_NAME"] "The property \"@PROP_NAME@\" is updatable with admin session only"
    PROPERTY_VALIDATION_CANNOT_BE_NULL ["PROP_NAME"] "The property \"@PROP_NAME@\" cannot be null"
    PROPERTY_VALIDATION_MAX_LENGTH ["PROP_NAME", "MAX_LEN"] "The property \"@PROP_NAME@\" cannot have more than @MAX_LEN@ characters"
    PROPERTY_VALIDATION_MIN_LENGTH ["PROP_NAME", "MIN_LEN"] "The property \"@PROP_NAME@\" must have a min length of @MIN_LEN@ characters"
    PROPERTY_VALIDATION_NOT_UPDATABLE ["PROP_NAME"] "The property \"@PROP_NAME@\" cannot be updated"
    PROPERTY_VALIDATION_WRONG_FORMAT ["PROP_NAME", "FORMAT"] "The property \"@PROP_NAME@\" must match format @FORMAT@"
    ROLE_IS_BEING_USED [] "Role is being used"
    ROLE_NAME_ALREADY_EXISTS [] "A role with the same name already exists"
    SERVICE_ACCESS_CONTROL_RESTRICTED ["SERVICE"] "The access to service [@SERVICE@] is forbidden due to access control restriction"
    SERVICE_DOES_NOT_EXISTS ["SRV_NAME"] "Service \"@SRV_NAME@\" does not exists"
    SERVICE_FORBIDDEN ["SERVICE"] "The access to service [@SERVICE@] is forbidden"
    SERVICE_FORBIDDEN_CONTENT_BLOCKED [] "The access to this service is forbidden since the specified partner is blocked"
    SERVICE_NOT_SPECIFIED [] "Service name was not specified, please specify one"
    START_SESSION_ERROR ["PID"] "Error while starting session for partner [@PID@]"
    SYSTEM_NAME_ALREADY_EXISTS ["SYS_NAME"] "System name [@SYS_NAME@] already exists"
    UNKNOWN_RESPONSE_FORMAT ["FORMAT"] "Response format provided [@FORMAT@] is not recognized by server"
    UNKNOWN_ROLE_ID [] "Unknown role id"
    UPLOAD_ERROR [] "Upload failed"
    UPLOAD_TOKEN_CANNOT_RESUME [] "Cannot resume the upload, original file was not found"
    UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD [] "Upload token is in an invalid status for uploading a file, maybe the file was already uploaded"
    UPLOAD_TOKEN_NOT_FOUND [] "Upload token not found"
    USER_BLOCKED [] "this user is blocked"
    USER_ID_NOT_FOUND ["USER_ID"] "userId [@USER_ID@] not found"
    USER_ID_NOT_PROVIDED_OR_EMPTY [] "User ID not found neither on the object or KS"
    USER_ROLE_NOT_FOUND [] "User role not found"
    USER_WRONG_PASSWORD [] "Wrong password supplied"
    WRONG_REQUEST_LANGUAGE ["LANGUAGE"] " Language must be set to MULTI when adding MultiLingualString. Given [\"@LANGUAGE@\"]"
}

/// The error for a KS that cannot be used. The argument KSID is the KS if it cannot be parsed, but otherwise the
/// reason, such as `EXPIRED`. The server always reports the error code -1.
pub(crate) fn invalid_ks(ks_or_reason: &str) -> ApiError {
    INVALID_KS.with(&[ks_or_reason, "-1", "INVALID_STR"])
}

/// A PHP TypeError, for example for an array in place of a string. The server reports it as this error, with the
/// misspelled code.
pub(crate) fn type_error() -> ApiError {
    INTERNAL_SERVERL_ERROR.plain()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_contains_its_arguments_without_tags() {
        let error = INVALID_WIDGET_ID.with(&["<b>_1</b>"]);
        assert_eq!(error.message(), "Unknown widget [_1]");
        assert_eq!(error.args().collect::<Vec<_>>(), [("WIDGET_ID", "_1".to_owned())]);
    }

    #[test]
    fn a_missing_argument_is_shown_as_n_a() {
        assert_eq!(INVALID_OBJECT_ID.plain().message(), "Invalid object id [N/A]");
    }
}
