/// What the checks of an action use of the request as a whole.
#[derive(Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) uri: &'a str,
    pub(crate) is_https: bool,
    /// When it arrived, in seconds since 1970.
    pub(crate) now: i64,
}
