//! Provisioning a service with an app token, a user and a role.

mod differences;
mod expiry;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::admin::handover::Handover;
use crate::admin::resumable::{AdminAccess, ResumableMachine, TokenState};
use crate::admin::token_search::{Marker, SearchOutcome, TokenSearch};
use crate::admin::verify::{Proof, Verification};
use crate::api::app_token::{AppToken, AppTokenFilter, NewAppToken};
use crate::api::list::Page;
use crate::api::session::StartWidgetSession;
use crate::api::user::{NewUser, User, UserChanges, UserStatus};
use crate::api::user_role::{NewUserRole, UserRole, UserRoleFilter};
use crate::api::{app_token, user, user_role};
use crate::error::Error;
use crate::error::code::{KalturaCode, looks_like_code};
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::batch::{Batch, BatchReader, BatchResults, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::change::Change;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::ks::Ks;
use crate::value::lifetime::check_lifetime;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::action::Action;
use crate::wire::encode::Nocache;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::CheckedReply;

pub use self::expiry::ServiceExpiry;

/// Ensures that a service has its app token: a role, a user with that role, and a token that is fixed to that user and
/// verified by a login whose session is used.
///
/// The flow uses what already exists, so it can stop at any point and run again. A second run returns the token of the
/// first: it recognises the token by the service's name in the description. A token that exists with other settings is
/// not changed: the flow stops with [`ErrorKind::Conflict`] and names each setting. Takes two to four requests.
///
/// The last request proves that the token works: it logs in, and calls an action with the session. That finds a
/// `setrole` with a role that does not exist, for instance. By default any session may call that action; name one that the
/// service needs with [`proof`](Self::proof).
///
/// # Defaults
///
/// Hash type SHA256, user sessions only, a fixed user, sessions of at most one day, no privileges, no role, and an end
/// after a year. [`Audit`](crate::admin::Audit) finds nothing in such a token.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Clock, Endpoint, Error, Ks, PartnerId, Privileges, Transport, drive};
/// use apptoken_core::admin::{Handover, Provision, ServiceRole};
///
/// fn importer(
///     endpoint: Endpoint,
///     admin: Ks,
///     partner: PartnerId,
///     transport: &dyn Transport,
///     clock: &dyn Clock,
/// ) -> Result<Handover, Error> {
///     let provision = Provision::new(endpoint, admin, partner, "importer", "importer@example.org")
///         .role(ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION", "CONTENT_INGEST_BASE"]))
///         .privileges(Privileges::new().list_all().privacy_context("portal")?);
///     Ok(drive(provision.start(clock.now())?, transport, clock)?)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Provision {
    access: AdminAccess,
    name: String,
    role: ServiceRole,
    /// Without expiry and marker, which depend on the time and on the name.
    token: NewAppToken,
    expiry: ServiceExpiry,
    /// By default, an action that any session may call.
    proof: Option<Proof>,
    user_id: String,
}

/// The role of a service's user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceRole {
    /// No role: the sessions have the default permissions of user sessions, or those of the privilege `setrole`.
    None,
    /// The existing role with this id.
    Existing(i64),
    /// The role with this name, which is created with these permissions if it does not exist.
    WithPermissions {
        /// The name of the role.
        name: String,
        /// The permissions that the role must have.
        permission_names: Vec<String>,
    },
}

impl ServiceRole {
    /// The role with this name, which is created with these permissions if it does not exist.
    ///
    /// Include `BASE_USER_SESSION_PERMISSION`: without it, sessions with this role cannot do what every user session can.
    #[must_use]
    pub fn with_permissions(name: &str, permission_names: &[&str]) -> Self {
        let permission_names = permission_names.iter().map(ToString::to_string).collect();
        Self::WithPermissions { name: name.to_string(), permission_names }
    }
}

impl Provision {
    /// Provisions the service `name`, whose sessions have the user `user_id`, in the account of the admin session.
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
            // Without a type and a user on the token, anyone who holds it chooses both, admin sessions included
            // (`startSession` in `api_v3/services/AppTokenService.php`).
            session_type: Some(SessionType::User),
            session_user_id: Some(user_id.clone()),
            session_duration: Some(Duration::from_secs(86_400)),
            hash_type: Some(HashType::Sha256),
            ..NewAppToken::default()
        };
        let access = AdminAccess { endpoint, admin, partner, retry: RetryPolicy::default() };
        let expiry = ServiceExpiry::default();
        Self { access, name: name.into(), role: ServiceRole::None, token, expiry, proof: None, user_id }
    }

    /// Gives the user a role. The user keeps its other roles.
    #[must_use]
    pub fn role(self, role: ServiceRole) -> Self {
        Self { role, ..self }
    }

    /// Sets the privileges of the token's sessions.
    #[must_use]
    pub fn privileges(mut self, privileges: Privileges) -> Self {
        self.token.session_privileges = Some(privileges);
        self
    }

    /// Sets the longest lifetime of the token's sessions, from 1 s to 10 years.
    #[must_use]
    pub fn session_duration(mut self, duration: Duration) -> Self {
        self.token.session_duration = Some(duration);
        self
    }

    /// Sets the token's hash type.
    #[must_use]
    pub fn hash_type(mut self, hash_type: HashType) -> Self {
        self.token.hash_type = Some(hash_type);
        self
    }

    /// Sets when the token expires: after a duration, at a time, or never. A year after it is added by default.
    #[must_use]
    pub fn expiry(self, expiry: impl Into<ServiceExpiry>) -> Self {
        Self { expiry: expiry.into(), ..self }
    }

    /// Names the action with which the new token's session is tried, such as one that the service calls first.
    ///
    /// A role or a privilege that is missing is then found now, and not by the service. The action is called once, with
    /// these parameters, as the service's user. Restrictions of the session to other addresses or URIs are no failure.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for an action that may change something: the first word of its name must be `get`,
    /// `list`, `count`, `search` or `ping`, and its [`REPEAT`](Action::REPEAT) must be `Always`. Also if its parameters
    /// cannot be written as a JSON object.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::admin::Provision;
    /// use apptoken_core::api::user;
    ///
    /// /// The sessions must be able to read their own user.
    /// fn with_proof(provision: Provision) -> Result<Provision, apptoken_core::Error> {
    ///     provision.proof(&user::Get::default())
    /// }
    /// ```
    pub fn proof<A: Action>(self, action: &A) -> Result<Self, Error> {
        Ok(Self { proof: Some(Proof::of(action)?), ..self })
    }

    /// Sets the token's description, to which the flow appends its marker.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.token.description = Some(description.into());
        self
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.access.retry = retry;
        self
    }

    /// Starts by reading what already exists.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the server would refuse or misread the name, the user's id or the duration, and for
    /// a privilege with the name of a permission, which the server would accept without any effect.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Marker::check_name(&self.name)?;
        user::check_id(&self.user_id)?;
        check_lifetime(self.token.session_duration)?;
        if matches!(&self.role, ServiceRole::WithPermissions { name, .. } if name.is_empty()) {
            return Err(Error::invalid_input("the role's name is empty"));
        }
        self.token.session_privileges.iter().try_for_each(check_privileges)?;
        let mut machine = ProvisionMachine::new(self, now.wall);
        let prepared = machine.inspect()?;
        Ok(Exchange::start(machine, prepared, now))
    }

    fn marker(&self) -> Marker {
        Marker::of(&self.name)
    }

    fn filter(&self) -> AppTokenFilter {
        AppTokenFilter { session_user_id_equal: Some(self.user_id.clone()), ..AppTokenFilter::default() }
    }
}

/// What a provisioning had done when it stopped.
///
/// [`resume`](Self::resume) runs the flow again: it reads what exists and does what is missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProvisionProgress {
    /// The id of the role, if it exists.
    pub role_id: Option<i64>,
    /// Whether the user exists and has the role.
    pub user_is_ready: bool,
    /// The id of the token, if it exists.
    pub app_token: Option<AppTokenId>,
    /// The request whose outcome is unknown: the server may or may not have executed it.
    pub in_doubt: Option<ActionName>,
    provision: Provision,
}

impl ProvisionProgress {
    /// Continues where the flow stopped.
    ///
    /// # Errors
    ///
    /// Like [`Provision::start`].
    pub fn resume(self, now: Moment) -> Result<Exchange<Provision>, Error> {
        self.provision.start(now)
    }

    /// Continues with another admin session, in case the first one has expired.
    ///
    /// # Errors
    ///
    /// Like [`Provision::start`].
    pub fn resume_with(self, admin: Ks, now: Moment) -> Result<Exchange<Provision>, Error> {
        let access = AdminAccess { admin, ..self.provision.access };
        Provision { access, ..self.provision }.start(now)
    }
}

impl Flow for Provision {
    type Output = Handover;
    type Progress = ProvisionProgress;
    type Machine = ProvisionMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }

    fn session(&self) -> Option<&Ks> {
        Some(&self.access.admin)
    }

    fn with_other_session(&self, session: Ks) -> Option<Self> {
        let mut flow = self.clone();
        flow.access.admin = session;
        Some(flow)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct ProvisionMachine {
    provision: Provision,
    token_state: TokenState,
    search: TokenSearch,
    role_id: Option<i64>,
    user: Option<User>,
    user_is_ready: bool,
    stage: ProvisionStage,
    /// The server's time at its last reply; the caller's clock before that.
    now: UnixSeconds,
}

/// The request that the flow waits for.
enum ProvisionStage {
    /// Reads the role, the user and the tokens, and starts a widget session.
    Inspect(BatchReader, ProvisionInspectTickets),
    /// Reads a further page of tokens.
    ReadMoreTokens,
    /// Adds the role, and adds or updates the user.
    SetUpUser(BatchReader, SetUpUserTickets),
    /// Adds the token.
    Add,
    /// Logs in with the token, and uses the session.
    Verify(Verification),
}

#[derive(Clone, Copy)]
struct ProvisionInspectTickets {
    roles: Option<Ticket<user_role::List>>,
    user: Ticket<user::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
}

#[derive(Clone, Copy)]
struct SetUpUserTickets {
    role: Option<Ticket<user_role::Add>>,
    user: UserTicket,
}

#[derive(Clone, Copy)]
enum UserTicket {
    Add(Ticket<user::Add>),
    Update(Ticket<user::Update>),
}

impl Machine for ProvisionMachine {
    type Output = Handover;
    type Progress = ProvisionProgress;

    fn policy(&self) -> &RetryPolicy {
        &self.provision.access.retry
    }

    fn accept(
        &mut self,
        reply: &CheckedReply<'_>,
        now: Moment,
    ) -> Result<Transition<Handover, ProvisionProgress>, Error> {
        self.now = reply.server_time().unwrap_or(now.wall);
        match &self.stage {
            ProvisionStage::Inspect(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.handle_inspection(tickets, results))
            }
            ProvisionStage::ReadMoreTokens => Ok(self.handle_token_page(reply.parse()?)),
            ProvisionStage::SetUpUser(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.handle_user_setup(tickets, results))
            }
            ProvisionStage::Add => {
                self.token_state.token = Some(reply.parse()?);
                Ok(self.do_next_step())
            }
            ProvisionStage::Verify(verification) => {
                let verified = verification.read(reply)?;
                Ok(match verified.and_then(|()| self.token_state.handover(&self.provision.access)) {
                    Ok(handover) => Transition::Done(handover),
                    Err(error) => self.not_verified(error, now),
                })
            }
        }
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<Handover, ProvisionProgress> {
        match self.stage {
            ProvisionStage::SetUpUser(..) | ProvisionStage::Add if error.may_have_acted() => self.in_doubt(error),
            _ => self.stop(error),
        }
    }
}

impl ResumableMachine for ProvisionMachine {
    fn parts(&mut self) -> (&AdminAccess, &mut TokenState) {
        (&self.provision.access, &mut self.token_state)
    }

    fn inspect(&mut self) -> Result<PreparedRequest, Error> {
        let Provision { access, role, user_id, .. } = &self.provision;
        let mut batch = Batch::new(access.endpoint.clone()).with_ks(access.admin.clone());
        let roles = match role {
            ServiceRole::WithPermissions { name, .. } => {
                let filter = UserRoleFilter { name_equal: Some(name.clone()), ..UserRoleFilter::default() };
                Some(batch.push(&user_role::List { filter, pager: None })?)
            }
            _ => None,
        };
        // The user is read even without a role: `appToken.add` would create it, but not unblock it.
        let user = batch.push(&user::Get { user_id: Some(user_id.clone()) })?;
        self.search = TokenSearch::new(self.provision.marker());
        let tokens = batch.push(&AdminAccess::page(self.provision.filter(), &self.search))?;
        let widget = batch.push(&StartWidgetSession::of(access.partner))?;
        let (prepared, reader) = batch.prepare()?;
        self.stage = ProvisionStage::Inspect(reader, ProvisionInspectTickets { roles, user, tokens, widget });
        Ok(prepared)
    }

    fn verification(&mut self, nocache: Option<Nocache>) -> Result<PreparedRequest, Error> {
        let Provision { access, proof, .. } = &self.provision;
        let proof = proof.clone().map_or_else(Proof::ping, Ok)?;
        let (prepared, verification) = self.token_state.verify(access, nocache, &proof)?;
        self.stage = ProvisionStage::Verify(verification);
        Ok(prepared)
    }

    fn stop(&mut self, error: Error) -> Transition<Handover, ProvisionProgress> {
        let progress = ProvisionProgress {
            role_id: self.role_id,
            user_is_ready: self.user_is_ready,
            app_token: self.token_state.token.as_ref().map(|token| token.id.clone()),
            in_doubt: self.token_state.in_doubt,
            provision: self.provision.clone(),
        };
        Transition::Stop(error, progress)
    }
}

impl ProvisionMachine {
    fn new(provision: Provision, now: UnixSeconds) -> Self {
        let search = TokenSearch::new(provision.marker());
        let token_state = TokenState::default();
        Self {
            provision,
            token_state,
            search,
            role_id: None,
            user: None,
            user_is_ready: false,
            stage: ProvisionStage::ReadMoreTokens,
            now,
        }
    }

    fn handle_inspection(
        &mut self,
        tickets: ProvisionInspectTickets,
        mut results: BatchResults,
    ) -> Transition<Handover, ProvisionProgress> {
        let roles = tickets.roles.map(|ticket| results.take(ticket)).transpose();
        let user = results.take(tickets.user).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidUserId) => Ok(None),
            _ => Err(error),
        });
        let (roles, user, page, widget) =
            match (roles, user, results.take(tickets.tokens), results.take(tickets.widget)) {
                (Ok(roles), Ok(user), Ok(page), Ok(widget)) => (roles, user, page, widget.ks),
                (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => {
                    return self.inspect_again_or_stop(error);
                }
            };
        self.token_state.widget = Some(widget);
        match self.use_existing(roles, user) {
            Ok(()) => self.handle_token_page(page),
            Err(error) => self.stop(error),
        }
    }

    /// Notes which role and user exist. Fails if they cannot be used.
    fn use_existing(&mut self, roles: Option<Page<UserRole>>, user: Option<User>) -> Result<(), Error> {
        self.role_id = match &self.provision.role {
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
            return Err(Error::new(ErrorKind::Conflict)
                .detail("the user exists but is blocked")
                .advise("unblock the user, or choose another user id"));
        }
        let has_role = |user: &User| self.role_id.is_some_and(|id| user.roles().contains(&id));
        self.user_is_ready =
            user.as_ref().is_some_and(|user| self.provision.role == ServiceRole::None || has_role(user));
        self.user = user;
        Ok(())
    }

    fn handle_token_page(&mut self, page: Page<AppToken>) -> Transition<Handover, ProvisionProgress> {
        let token = match self.search.add_page(page) {
            SearchOutcome::MorePages => {
                let next = self.provision.access.request(&AdminAccess::page(self.provision.filter(), &self.search));
                self.stage = ProvisionStage::ReadMoreTokens;
                return self.send(next);
            }
            SearchOutcome::Complete(token) => token,
        };
        let conflict = token.as_ref().and_then(|token| self.provision.conflict(token, self.now));
        self.token_state.token = token;
        match conflict {
            None => self.do_next_step(),
            Some(error) => self.stop(error),
        }
    }

    /// Sends the request for the first thing that is missing.
    fn do_next_step(&mut self) -> Transition<Handover, ProvisionProgress> {
        let next = if !self.user_is_ready {
            self.set_up_user()
        } else if self.token_state.token.is_none() {
            self.add()
        } else {
            self.verification(None)
        };
        self.send(next)
    }

    /// Adds the role and the user in one request. If the role fails, the user is left without it, and the next run fixes
    /// that.
    fn set_up_user(&mut self) -> Result<PreparedRequest, Error> {
        let Provision { access, role, user_id, .. } = &self.provision;
        let mut batch = Batch::new(access.endpoint.clone()).with_ks(access.admin.clone());
        let role = match (role, self.role_id) {
            (ServiceRole::WithPermissions { name, permission_names }, None) => {
                let names: Vec<&str> = permission_names.iter().map(String::as_str).collect();
                Some(batch.push(&user_role::Add { user_role: NewUserRole::new(name.clone(), &names) })?)
            }
            _ => None,
        };
        // `user.update` replaces all roles of the user, so those that it has are sent again.
        let existing_roles: Vec<String> =
            self.user.iter().flat_map(User::roles).chain(self.role_id).map(|id| id.to_string()).collect();
        let existing_roles = existing_roles.join(",");
        let separator = if existing_roles.is_empty() { "" } else { "," };
        let new_role =
            role.map(|role| ("user:roleIds", role.field(&["id"]).with_prefix(&format!("{existing_roles}{separator}"))));
        let role_ids = (new_role.is_none() && !existing_roles.is_empty()).then_some(existing_roles);
        let user = if self.user.is_some() {
            let changes =
                UserChanges { role_ids: role_ids.map_or(Change::Keep, Change::Set), ..UserChanges::default() };
            let update = user::Update { user_id: user_id.clone(), changes };
            UserTicket::Update(batch.push_with(&update, new_role.as_slice())?)
        } else {
            let user = NewUser { role_ids, ..NewUser::new(user_id.clone()) };
            UserTicket::Add(batch.push_with(&user::Add { user }, new_role.as_slice())?)
        };
        let (prepared, reader) = batch.prepare()?;
        self.stage = ProvisionStage::SetUpUser(reader, SetUpUserTickets { role, user });
        Ok(prepared)
    }

    fn handle_user_setup(
        &mut self,
        tickets: SetUpUserTickets,
        mut results: BatchResults,
    ) -> Transition<Handover, ProvisionProgress> {
        let role = tickets.role.map(|ticket| results.take(ticket)).transpose();
        let user = match tickets.user {
            UserTicket::Add(ticket) => results.take(ticket),
            UserTicket::Update(ticket) => results.take(ticket),
        };
        if let Ok(Some(role)) = &role {
            self.role_id = Some(role.id);
        }
        match (role, user) {
            (Ok(_), Ok(user)) => {
                (self.user, self.user_is_ready) = (Some(user), true);
                self.do_next_step()
            }
            (Err(error), _) | (Ok(_), Err(error)) if error.may_have_acted() => self.in_doubt(error),
            (Err(error), _) | (Ok(_), Err(error)) => self.inspect_again_or_stop(error),
        }
    }

    /// Adds the token, in a separate request after the user.
    ///
    /// `appToken.add` creates a missing user without roles (observed on release Venus-22.19.0), and a batch continues after
    /// a failed action. In one batch, a failed `user.add` would therefore leave a token whose user has no role.
    fn add(&mut self) -> Result<PreparedRequest, Error> {
        let mut app_token = self.provision.token.clone();
        let description = app_token.description.take().unwrap_or_default();
        app_token.description = Some(self.provision.marker().append_to(&description));
        app_token.expiry = self.provision.expiry.for_new_token(self.now)?;
        self.stage = ProvisionStage::Add;
        self.provision.access.request(&app_token::Add { app_token })
    }

    /// Inspects the account again after a transient failure, or if another process added the user or role first.
    fn inspect_again_or_stop(&mut self, error: Error) -> Transition<Handover, ProvisionProgress> {
        let added_by_another = matches!(
            error.kind(),
            ErrorKind::Kaltura(KalturaCode::DuplicateUserById | KalturaCode::RoleNameAlreadyExists)
        );
        if added_by_another || error.is_transient() { self.inspect_again(error) } else { self.stop(error) }
    }
}

/// Refuses an existing role that lacks a requested permission: the service would fail later, at its first call.
fn check_permissions(role: &UserRole, requested: &[String]) -> Result<(), Error> {
    let granted: Vec<&str> = role.permission_names.split(',').collect();
    match requested.iter().find(|name| *name != "*" && !granted.contains(&name.as_str()) && !granted.contains(&"*")) {
        None => Ok(()),
        Some(missing) => Err(Error::new(ErrorKind::Conflict)
            .detail(format!("the role {} exists but lacks the permission {missing}", role.name))
            .advise("add the permission to the role (userRole.update), or choose another name for the role")),
    }
}

/// Refuses a privilege without the value that it needs, and one with the name of a permission: the server accepts any name, and
/// ignores those that it does not know.
fn check_privileges(privileges: &Privileges) -> Result<(), Error> {
    privileges.check_restrictions()?;
    // Kaltura's permissions are in upper case with underscores, its privileges in lower case.
    match privileges.iter().find(|privilege| looks_like_code(privilege.name())) {
        None => Ok(()),
        Some(permission) => Err(Error::invalid_input(format!(
            "{} is the name of a permission, not of a privilege: give it to the service's role (ServiceRole)",
            permission.name()
        ))),
    }
}
