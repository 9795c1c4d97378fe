/// A session that a test wants, valid or expired.
///
/// # Examples
///
/// ```
/// use apptoken_core::PartnerId;
/// use apptoken_transport_fake::{Fake, SessionSpec};
///
/// let fake = Fake::new();
/// let partner = PartnerId::new(101)?;
/// let viewer = fake.session(partner, SessionSpec::user("alice").privileges("sview:*"));
/// let expired = fake.session(partner, SessionSpec::admin("admin").expires_in(-60));
/// assert!(viewer.is_some() && expired.is_some());
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSpec {
    pub(crate) kind: SessionKind,
    pub(crate) user: String,
    pub(crate) privileges: String,
    pub(crate) expires_in: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Admin,
    User,
    Widget,
}

impl SessionSpec {
    /// An admin session, which expires in a day.
    #[must_use]
    pub fn admin(user_id: &str) -> Self {
        Self::of(SessionKind::Admin, user_id)
    }

    /// A user session, which expires in a day. An empty id is the anonymous user.
    #[must_use]
    pub fn user(user_id: &str) -> Self {
        Self::of(SessionKind::User, user_id)
    }

    /// A session of the default widget of the account, which expires in a day.
    #[must_use]
    pub fn widget() -> Self {
        Self::of(SessionKind::Widget, "0")
    }

    /// Sets the privileges. A widget session has them in addition to those of its widget.
    #[must_use]
    pub fn privileges(self, privileges: &str) -> Self {
        Self { privileges: privileges.to_owned(), ..self }
    }

    /// Sets in how many seconds it expires. A session with a negative number has expired already. The maximum lifetime of
    /// the account does not apply.
    #[must_use]
    pub fn expires_in(self, seconds: i64) -> Self {
        Self { expires_in: seconds, ..self }
    }

    fn of(kind: SessionKind, user: &str) -> Self {
        Self { kind, user: user.to_owned(), privileges: String::new(), expires_in: 86_400 }
    }
}
