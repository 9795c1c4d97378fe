//! A service's own app token, with the user and the role behind it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::batch::BatchReader;
use super::hand_over::HandOver;
use super::machine::{Machine, Prepared, Turn, Unreadable};
use super::token_search::{Looked, Marker, Search};
use super::{Batch, BatchResults, Exchange, Flow, Ticket, verify};
use crate::app_token::{self, AppToken, AppTokenFilter, NewAppToken, StartedSession, TokenExpiry};
use crate::encode::Common;
use crate::lifetime::check_lifetime;
use crate::reply::Reply;
use crate::session::StartWidgetSession;
use crate::user::{self, NewUser, User, UserChanges, UserStatus};
use crate::user_role::{self, NewUserRole, UserRole, UserRoleFilter};
use crate::{
    ActionName, Change, Endpoint, Error, ErrorKind, HashType, KalturaCode, Ks, ListAction as _, Moment, Page,
    PartnerId, Privileges, RetryPolicy, SessionType,
};

/// Makes sure that a service has its app token: a role, a user with that role, a token fixed to that user, proved by a
/// login with it.
///
/// Whatever is there already is used, so the flow can be stopped anywhere and run again, and a second run returns the
/// token of the first: the token is known by the flow's name, which stands in its description. Two to four requests.
///
/// # Defaults
///
/// Hash type SHA256, user sessions only, the user fixed, sessions of a day at most, no privileges, no role, no end.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Clock, Endpoint, Error, HandOver, Ks, PartnerId, Privileges, Provision, ServiceRole, Transport, drive};
///
/// fn importer(
///     endpoint: Endpoint,
///     admin: Ks,
///     partner: PartnerId,
///     transport: &dyn Transport,
///     clock: &dyn Clock,
/// ) -> Result<HandOver, Error> {
///     let provision = Provision::new(endpoint, admin, partner, "importer", "importer@example.org")
///         .role(ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION", "CONTENT_INGEST_BASE"]))
///         .privileges(Privileges::new().list_all().privacy_context("portal")?);
///     Ok(drive(provision.start(clock.now())?, transport, clock)?)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Provision {
    endpoint: Endpoint,
    admin: Ks,
    partner: PartnerId,
    name: String,
    role: ServiceRole,
    token: NewAppToken,
    user_id: String,
    retry: RetryPolicy,
}

/// The role of a service's user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceRole {
    /// None: what its sessions may do is the default of user sessions, or a `setrole` among the privileges.
    None,
    /// The role with this id.
    Existing(i64),
    /// The role with this name, created with these permissions if there is none.
    WithPermissions {
        /// The name.
        name: String,
        /// The permissions.
        permission_names: Vec<String>,
    },
}

impl ServiceRole {
    /// The role with this name, created with these permissions if there is none.
    ///
    /// `BASE_USER_SESSION_PERMISSION` should be among them.
    #[must_use]
    pub fn with_permissions(name: &str, permission_names: &[&str]) -> Self {
        let permission_names = permission_names.iter().map(ToString::to_string).collect();
        Self::WithPermissions { name: name.to_string(), permission_names }
    }
}

impl Provision {
    /// A service called `name`, whose sessions have the user `user_id`, in the account of the admin session.
    #[must_use]
    pub fn new(
        endpoint: Endpoint,
        admin: Ks,
        partner: PartnerId,
        name: impl Into<String>,
        user_id: impl Into<String>,
    ) -> Self {
        let user_id = user_id.into();
        let token = NewAppToken {
            session_type: Some(SessionType::User),
            session_user_id: Some(user_id.clone()),
            session_duration: Some(Duration::from_secs(86_400)),
            hash_type: Some(HashType::Sha256),
            ..NewAppToken::default()
        };
        Self {
            endpoint,
            admin,
            partner,
            name: name.into(),
            role: ServiceRole::None,
            token,
            user_id,
            retry: RetryPolicy::default(),
        }
    }

    /// Gives the user a role; roles that it has already stay.
    #[must_use]
    pub fn role(self, role: ServiceRole) -> Self {
        Self { role, ..self }
    }

    /// Gives the token's sessions these privileges.
    #[must_use]
    pub fn privileges(mut self, privileges: Privileges) -> Self {
        self.token.session_privileges = Some(privileges);
        self
    }

    /// Lets the token's sessions last so long at most, from 1 s to 10 years.
    #[must_use]
    pub fn session_duration(mut self, duration: Duration) -> Self {
        self.token.session_duration = Some(duration);
        self
    }

    /// Takes the token's hash by this type.
    #[must_use]
    pub fn hash_type(mut self, hash_type: HashType) -> Self {
        self.token.hash_type = Some(hash_type);
        self
    }

    /// Ends the token at this time.
    #[must_use]
    pub fn expiry(mut self, expiry: TokenExpiry) -> Self {
        self.token.expiry = Some(expiry);
        self
    }

    /// Describes the token; the flow's mark is added.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.token.description = Some(description.into());
        self
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Starts by looking at what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the name, the user's id or the duration is one that the server would refuse or
    /// misread.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Marker::check_name(&self.name)?;
        user::check_id(&self.user_id)?;
        check_lifetime(self.token.session_duration)?;
        if matches!(&self.role, ServiceRole::WithPermissions { name, .. } if name.is_empty()) {
            return Err(Error::invalid_input("the role's name is empty"));
        }
        let (prepared, stage) = self.look()?;
        let run = Run { provision: self, facts: Facts::default(), rounds: 0 };
        Ok(Exchange::start(ProvisionMachine { run, stage }, prepared, now))
    }

    fn marker(&self) -> Marker {
        Marker::of(&self.name)
    }

    fn filter(&self) -> AppTokenFilter {
        AppTokenFilter { session_user_id_equal: Some(self.user_id.clone()), ..AppTokenFilter::default() }
    }

    fn common(&self) -> Common<'_> {
        Common { ks: Some(&self.admin), nocache: None }
    }

    /// Everything that can be known before anything is changed, in one request.
    fn look(&self) -> Result<(Prepared, Stage), Error> {
        let mut batch = Batch::new(self.endpoint.clone()).with_ks(self.admin.clone());
        let roles = match &self.role {
            ServiceRole::WithPermissions { name, .. } => {
                let filter = UserRoleFilter { name_equal: Some(name.clone()), ..UserRoleFilter::default() };
                Some(batch.push(&user_role::List { filter, pager: None })?)
            }
            _ => None,
        };
        let user = batch.push(&user::Get { user_id: Some(self.user_id.clone()) })?;
        let search = Search::new(self.marker());
        let mut list = app_token::List::new(self.filter());
        list.turn_to(search.pager());
        let tokens = batch.push(&list)?;
        let widget = batch.push(&StartWidgetSession::of(self.partner))?;
        let (prepared, reader) = batch.prepare()?;
        Ok((prepared, Stage::Look(Look { reader, roles, user, tokens, widget, search })))
    }

    /// Why the token that is there is not the one that is wanted.
    fn difference(&self, token: &AppToken) -> Option<&'static str> {
        let wanted = &self.token;
        let privileges =
            |privileges: &Option<Privileges>| privileges.as_ref().map(ToString::to_string).unwrap_or_default();
        if wanted.hash_type != Some(token.hash_type) {
            Some("hash type")
        } else if wanted.session_type != token.session_type {
            Some("session type")
        } else if wanted.session_duration.map(|duration| duration.as_secs()) != Some(token.longest_session().as_secs())
        {
            Some("session duration")
        } else if privileges(&wanted.session_privileges) != privileges(&token.session_privileges) {
            Some("privileges")
        } else {
            None
        }
    }
}

/// What a provisioning that stopped had done.
///
/// [`resume`](Self::resume) runs it again: it looks first, and does what is missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProvisionProgress {
    /// The role that is there.
    pub role_id: Option<i64>,
    /// Whether the user is there and has the role.
    pub user_is_ready: bool,
    /// The token that is there.
    pub app_token: Option<crate::AppTokenId>,
    /// The request whose outcome is unknown: what it was to do may be done as well.
    pub in_doubt: Option<ActionName>,
    provision: Provision,
}

impl ProvisionProgress {
    /// Goes on where it stopped.
    ///
    /// # Errors
    ///
    /// Like [`Provision::start`].
    pub fn resume(self, now: Moment) -> Result<Exchange<Provision>, Error> {
        self.provision.start(now)
    }

    /// Goes on with another admin session, for when the first one has ended.
    ///
    /// # Errors
    ///
    /// Like [`Provision::start`].
    pub fn resume_with(self, admin: Ks, now: Moment) -> Result<Exchange<Provision>, Error> {
        Provision { admin, ..self.provision }.start(now)
    }
}

impl Flow for Provision {
    type Output = HandOver;
    type Progress = ProvisionProgress;
    type Machine = ProvisionMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct ProvisionMachine {
    run: Run,
    stage: Stage,
}

/// What lasts from stage to stage.
struct Run {
    provision: Provision,
    facts: Facts,
    /// How often the flow has looked again, or tried the login again.
    rounds: u32,
}

/// What is known to be there.
#[derive(Default)]
struct Facts {
    role_id: Option<i64>,
    user: Option<User>,
    user_is_ready: bool,
    token: Option<AppToken>,
    /// The request whose outcome is unknown.
    in_doubt: Option<ActionName>,
}

enum Stage {
    /// What is there?
    Look(Look),
    /// Further pages of tokens.
    LookFurther { search: Search, widget: Ks },
    /// Role and user.
    Prepare(Prepare),
    /// The token.
    Add { widget: Ks },
    /// The login with it.
    Verify { widget: Ks },
}

struct Look {
    reader: BatchReader,
    roles: Option<Ticket<user_role::List>>,
    user: Ticket<user::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
    search: Search,
}

struct Prepare {
    reader: BatchReader,
    role: Option<Ticket<user_role::Add>>,
    user: UserTicket,
    widget: Ks,
}

enum UserTicket {
    Add(Ticket<user::Add>),
    Update(Ticket<user::Update>),
}

/// A reply that was read as what its stage expects.
enum Read {
    Batch(BatchResults),
    Tokens(Page<AppToken>),
    Token(Box<AppToken>),
    Session(StartedSession),
}

impl Machine<Provision> for ProvisionMachine {
    fn policy(&self) -> &RetryPolicy {
        &self.run.provision.retry
    }

    fn accept(self, reply: &Reply<'_>, _: Moment) -> Result<Turn<Provision>, Unreadable<Self>> {
        let read = match &self.stage {
            Stage::Look(Look { reader, .. }) | Stage::Prepare(Prepare { reader, .. }) => {
                reader.read(reply).map(Read::Batch)
            }
            Stage::LookFurther { .. } => reply.parse().map(Read::Tokens),
            Stage::Add { .. } => reply.parse().map(Box::new).map(Read::Token),
            Stage::Verify { .. } => reply.parse().map(Read::Session),
        };
        match read {
            Ok(read) => Ok(self.take(read, reply)),
            Err(error) => Err(Box::new((self, error))),
        }
    }

    fn refuse(self, error: Error, _: Moment) -> Turn<Provision> {
        let Self { run, stage } = self;
        match stage {
            Stage::Prepare(_) | Stage::Add { .. } if error.may_have_acted() => run.in_doubt(error),
            Stage::Verify { widget } if verify::may_lag_behind(&error) => run.verify_again(widget, error),
            _ => run.stop(error),
        }
    }
}

impl ProvisionMachine {
    fn take(self, read: Read, reply: &Reply<'_>) -> Turn<Provision> {
        let Self { mut run, stage } = self;
        match (stage, read) {
            (Stage::Look(look), Read::Batch(results)) => run.looked(look, results),
            (Stage::LookFurther { search, widget }, Read::Tokens(page)) => run.searched(search.take(page), widget),
            (Stage::Prepare(prepare), Read::Batch(results)) => run.prepared(prepare, results),
            (Stage::Add { widget }, Read::Token(token)) => {
                run.facts.token = Some(*token);
                run.verify(widget)
            }
            (Stage::Verify { .. }, Read::Session(started)) => match verify::check(&started, reply) {
                Ok(()) => run.finish(),
                Err(error) => run.stop(error),
            },
            _ => run.stop(Error::new(ErrorKind::UnexpectedReply)),
        }
    }
}

impl Run {
    fn looked(mut self, look: Look, mut results: BatchResults) -> Turn<Provision> {
        let roles = look.roles.map(|ticket| results.take(ticket)).transpose();
        let user = results.take(look.user).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidUserId) => Ok(None),
            _ => Err(error),
        });
        let (roles, user, page, widget) = match (roles, user, results.take(look.tokens), results.take(look.widget)) {
            (Ok(roles), Ok(user), Ok(page), Ok(widget)) => (roles, user, page, widget.ks),
            (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => {
                return self.look_again_or_stop(error);
            }
        };
        match self.know(roles, user) {
            Ok(()) => self.searched(look.search.take(page), widget),
            Err(error) => self.stop(error),
        }
    }

    /// Takes in which role and user are there; an error if they cannot be used.
    fn know(&mut self, roles: Option<Page<UserRole>>, user: Option<User>) -> Result<(), Error> {
        self.facts.role_id = match &self.provision.role {
            ServiceRole::None => None,
            ServiceRole::Existing(id) => Some(*id),
            ServiceRole::WithPermissions { name, permission_names } => {
                let role = roles.into_iter().flat_map(|page| page.objects).find(|role| role.name == *name);
                if let Some(role) = &role {
                    check_permissions(role, permission_names)?;
                }
                role.map(|role| role.id)
            }
        };
        if user.as_ref().is_some_and(|user| user.status != UserStatus::Active) {
            return Err(Error::invalid_input("the user is there and blocked: unblock it, or choose another user id"));
        }
        let has_role = |user: &User| self.facts.role_id.is_some_and(|id| user.roles().contains(&id));
        self.facts.user_is_ready =
            user.as_ref().is_some_and(|user| self.provision.role == ServiceRole::None || has_role(user));
        self.facts.user = user;
        Ok(())
    }

    fn searched(mut self, looked: Looked, widget: Ks) -> Turn<Provision> {
        match looked {
            Looked::Partly(search) => {
                let mut list = app_token::List::new(self.provision.filter());
                list.turn_to(search.pager());
                let prepared = Prepared::new(&self.provision.endpoint, &list, self.provision.common());
                self.go(prepared, Stage::LookFurther { search, widget })
            }
            Looked::All(token) => {
                let difference = token.as_ref().and_then(|token| self.provision.difference(token));
                self.facts.token = token;
                match difference {
                    None => self.go_on(widget),
                    Some(what) => {
                        let name = &self.provision.name;
                        let error = Error::invalid_input(format!(
                            "the token of {name} is there with another {what} than is asked: rotate or update it, or choose another name"
                        ));
                        self.stop(error)
                    }
                }
            }
        }
    }

    /// To the first thing that is missing.
    fn go_on(self, widget: Ks) -> Turn<Provision> {
        if !self.facts.user_is_ready {
            self.prepare(widget)
        } else if self.facts.token.is_none() {
            self.add(widget)
        } else {
            self.verify(widget)
        }
    }

    /// Role and user in one request: if the role fails, the user is left without it, which the next run mends.
    fn prepare(self, widget: Ks) -> Turn<Provision> {
        match self.preparation(widget) {
            Ok((prepared, stage)) => self.go(Ok(prepared), stage),
            Err(error) => self.stop(error),
        }
    }

    fn preparation(&self, widget: Ks) -> Result<(Prepared, Stage), Error> {
        let Provision { endpoint, admin, user_id, .. } = &self.provision;
        let mut batch = Batch::new(endpoint.clone()).with_ks(admin.clone());
        let role = match (&self.provision.role, self.facts.role_id) {
            (ServiceRole::WithPermissions { name, permission_names }, None) => {
                let names: Vec<&str> = permission_names.iter().map(String::as_str).collect();
                Some(batch.push(&user_role::Add { user_role: NewUserRole::new(name.clone(), &names) })?)
            }
            _ => None,
        };
        let known_roles: Vec<String> =
            self.facts.user.iter().flat_map(User::roles).chain(self.facts.role_id).map(|id| id.to_string()).collect();
        let known_roles = known_roles.join(",");
        let separator = if known_roles.is_empty() { "" } else { "," };
        let new_role =
            role.map(|role| ("user:roleIds", role.field(&["id"]).after(&format!("{known_roles}{separator}"))));
        let role_ids = (new_role.is_none() && !known_roles.is_empty()).then_some(known_roles);
        let user = if self.facts.user.is_some() {
            let changes =
                UserChanges { role_ids: role_ids.map_or(Change::Keep, Change::Set), ..UserChanges::default() };
            UserTicket::Update(
                batch.push_with(&user::Update { user_id: user_id.clone(), changes }, new_role.as_slice())?,
            )
        } else {
            let user = NewUser { role_ids, ..NewUser::new(user_id.clone()) };
            UserTicket::Add(batch.push_with(&user::Add { user }, new_role.as_slice())?)
        };
        let (prepared, reader) = batch.prepare()?;
        Ok((prepared, Stage::Prepare(Prepare { reader, role, user, widget })))
    }

    fn prepared(mut self, prepare: Prepare, mut results: BatchResults) -> Turn<Provision> {
        let role = prepare.role.map(|ticket| results.take(ticket)).transpose();
        let user = match prepare.user {
            UserTicket::Add(ticket) => results.take(ticket),
            UserTicket::Update(ticket) => results.take(ticket),
        };
        if let Ok(Some(role)) = &role {
            self.facts.role_id = Some(role.id);
        }
        match (role, user) {
            (Ok(_), Ok(user)) => {
                self.facts.user = Some(user);
                self.facts.user_is_ready = true;
                self.go_on(prepare.widget)
            }
            (Err(error), _) | (Ok(_), Err(error)) if error.may_have_acted() => self.in_doubt(error),
            (Err(error), _) | (Ok(_), Err(error)) => self.look_again_or_stop(error),
        }
    }

    fn add(self, widget: Ks) -> Turn<Provision> {
        let mut app_token = self.provision.token.clone();
        app_token.description =
            Some(self.provision.marker().mark(app_token.description.as_deref().unwrap_or_default()));
        let prepared = Prepared::new(&self.provision.endpoint, &app_token::Add { app_token }, self.provision.common());
        self.go(prepared, Stage::Add { widget })
    }

    fn verify(self, widget: Ks) -> Turn<Provision> {
        let prepared = self.verification(&widget);
        self.go(prepared, Stage::Verify { widget })
    }

    fn verify_again(mut self, widget: Ks, error: Error) -> Turn<Provision> {
        match (self.next_pause(), self.verification(&widget)) {
            (Some(pause), Ok(prepared)) => {
                Turn::Wait(pause, prepared, ProvisionMachine { run: self, stage: Stage::Verify { widget } })
            }
            _ => self.stop(error),
        }
    }

    fn verification(&self, widget: &Ks) -> Result<Prepared, Error> {
        let token = self.facts.token.as_ref().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply))?;
        verify::prepare(&self.provision.endpoint, token, widget)
    }

    fn finish(mut self) -> Turn<Provision> {
        let token = self.facts.token.clone().ok_or_else(|| Error::new(ErrorKind::UnexpectedReply));
        self.facts.in_doubt = None;
        match token.and_then(|token| HandOver::of(self.provision.partner, token)) {
            Ok(hand_over) => Turn::Done(hand_over),
            Err(error) => self.stop(error),
        }
    }

    fn go(self, prepared: Result<Prepared, Error>, stage: Stage) -> Turn<Provision> {
        match prepared {
            Ok(prepared) => Turn::Send(prepared, ProvisionMachine { run: self, stage }),
            Err(error) => self.stop(error),
        }
    }

    /// After a change whose outcome is unknown: what is there now tells.
    fn in_doubt(mut self, error: Error) -> Turn<Provision> {
        self.facts.in_doubt = error.action();
        self.look_again(error)
    }

    /// Looks again after what a second look may mend: a passing failure, or somebody who was faster.
    fn look_again_or_stop(self, error: Error) -> Turn<Provision> {
        let overtaken = matches!(
            error.kind(),
            ErrorKind::Kaltura(KalturaCode::DuplicateUserById | KalturaCode::RoleNameAlreadyExists)
        );
        if overtaken || error.is_transient() { self.look_again(error) } else { self.stop(error) }
    }

    fn look_again(mut self, error: Error) -> Turn<Provision> {
        match (self.next_pause(), self.provision.look()) {
            (Some(pause), Ok((prepared, stage))) => Turn::Wait(pause, prepared, ProvisionMachine { run: self, stage }),
            _ => self.stop(error),
        }
    }

    fn next_pause(&mut self) -> Option<Duration> {
        self.rounds = self.rounds.saturating_add(1);
        self.provision.retry.wait_after(self.rounds, Duration::ZERO)
    }

    fn stop(self, error: Error) -> Turn<Provision> {
        let Self { provision, facts, .. } = self;
        let progress = ProvisionProgress {
            role_id: facts.role_id,
            user_is_ready: facts.user_is_ready,
            app_token: facts.token.map(|token| token.id),
            in_doubt: facts.in_doubt,
            provision,
        };
        Turn::Stop(error, progress)
    }
}

/// A role of that name with fewer permissions would give a service that cannot work.
fn check_permissions(role: &UserRole, wanted: &[String]) -> Result<(), Error> {
    let held: Vec<&str> = role.permission_names.split(',').collect();
    match wanted.iter().find(|name| *name != "*" && !held.contains(&name.as_str()) && !held.contains(&"*")) {
        None => Ok(()),
        Some(missing) => Err(Error::invalid_input(format!(
            "the role {} is there without the permission {missing}: add it with userRole.update, or choose another name",
            role.name
        ))),
    }
}
