//! A service's own app token, with the user and the role behind it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::admin::hand_over::HandOver;
use crate::admin::plan::{Known, Plan, Site};
use crate::admin::token_search::{Looked, Marker, Search};
use crate::admin::verify;
use crate::api::app_token::{AppToken, AppTokenFilter, NewAppToken, StartedSession};
use crate::api::list::Page;
use crate::api::session::StartWidgetSession;
use crate::api::user::{NewUser, User, UserChanges, UserStatus};
use crate::api::user_role::{NewUserRole, UserRole, UserRoleFilter};
use crate::api::{app_token, user, user_role};
use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::batch::{Batch, BatchReader, BatchResults, Ticket};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::change::Change;
use crate::value::hash::HashType;
use crate::value::ids::{AppTokenId, PartnerId};
use crate::value::ks::Ks;
use crate::value::lifetime::{TokenExpiry, check_lifetime};
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::time::Moment;
use crate::wire::endpoint::Endpoint;
use crate::wire::reply::Reply;

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
/// use apptoken_core::{Clock, Endpoint, Error, Ks, PartnerId, Privileges, Transport, drive};
/// use apptoken_core::admin::{HandOver, Provision, ServiceRole};
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
    site: Site,
    name: String,
    role: ServiceRole,
    token: NewAppToken,
    user_id: String,
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
        let site = Site { endpoint, admin, partner, retry: RetryPolicy::default() };
        Self { site, name: name.into(), role: ServiceRole::None, token, user_id }
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
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.site.retry = retry;
        self
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
        let mut machine = ProvisionMachine::new(self);
        let prepared = machine.look()?;
        Ok(Exchange::start(machine, prepared, now))
    }

    fn marker(&self) -> Marker {
        Marker::of(&self.name)
    }

    fn filter(&self) -> AppTokenFilter {
        AppTokenFilter { session_user_id_equal: Some(self.user_id.clone()), ..AppTokenFilter::default() }
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
    pub app_token: Option<AppTokenId>,
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
        let site = Site { admin, ..self.provision.site };
        Provision { site, ..self.provision }.start(now)
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
    provision: Provision,
    known: Known,
    search: Search,
    role_id: Option<i64>,
    user: Option<User>,
    user_is_ready: bool,
    stage: Stage,
}

/// What is under way.
enum Stage {
    /// What is there?
    Look(BatchReader, LookTickets),
    /// Further pages of tokens.
    LookFurther,
    /// Role and user.
    Prepare(BatchReader, PrepareTickets),
    /// The token.
    Add,
    /// The login with it.
    Verify,
}

#[derive(Clone, Copy)]
struct LookTickets {
    roles: Option<Ticket<user_role::List>>,
    user: Ticket<user::Get>,
    tokens: Ticket<app_token::List>,
    widget: Ticket<StartWidgetSession>,
}

#[derive(Clone, Copy)]
struct PrepareTickets {
    role: Option<Ticket<user_role::Add>>,
    user: UserTicket,
}

#[derive(Clone, Copy)]
enum UserTicket {
    Add(Ticket<user::Add>),
    Update(Ticket<user::Update>),
}

impl Machine for ProvisionMachine {
    type Output = HandOver;
    type Progress = ProvisionProgress;

    fn policy(&self) -> &RetryPolicy {
        &self.provision.site.retry
    }

    fn accept(&mut self, reply: &Reply<'_>, _: Moment) -> Result<Turn<HandOver, ProvisionProgress>, Error> {
        match &self.stage {
            Stage::Look(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.looked(tickets, results))
            }
            Stage::LookFurther => Ok(self.searched(reply.parse()?)),
            Stage::Prepare(reader, tickets) => {
                let (results, tickets) = (reader.read(reply)?, *tickets);
                Ok(self.prepared(tickets, results))
            }
            Stage::Add => {
                self.known.token = Some(reply.parse()?);
                Ok(self.go_on())
            }
            Stage::Verify => {
                let started: StartedSession = reply.parse()?;
                let hand_over =
                    verify::check(&started, reply).and_then(|()| self.known.hand_over(&self.provision.site));
                Ok(hand_over.map_or_else(|error| self.stop(error), Turn::Done))
            }
        }
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<HandOver, ProvisionProgress> {
        match self.stage {
            Stage::Prepare(..) | Stage::Add if error.may_have_acted() => self.in_doubt(error),
            Stage::Verify if verify::may_lag_behind(&error) => self.verify_again(error),
            _ => self.stop(error),
        }
    }
}

impl Plan for ProvisionMachine {
    fn known(&mut self) -> (&Site, &mut Known) {
        (&self.provision.site, &mut self.known)
    }

    fn look(&mut self) -> Result<Prepared, Error> {
        let Provision { site, role, user_id, .. } = &self.provision;
        let mut batch = Batch::new(site.endpoint.clone()).with_ks(site.admin.clone());
        let roles = match role {
            ServiceRole::WithPermissions { name, .. } => {
                let filter = UserRoleFilter { name_equal: Some(name.clone()), ..UserRoleFilter::default() };
                Some(batch.push(&user_role::List { filter, pager: None })?)
            }
            _ => None,
        };
        let user = batch.push(&user::Get { user_id: Some(user_id.clone()) })?;
        self.search = Search::new(self.provision.marker());
        let tokens = batch.push(&Site::page(self.provision.filter(), &self.search))?;
        let widget = batch.push(&StartWidgetSession::of(site.partner))?;
        let (prepared, reader) = batch.prepare()?;
        self.stage = Stage::Look(reader, LookTickets { roles, user, tokens, widget });
        Ok(prepared)
    }

    fn stop(&mut self, error: Error) -> Turn<HandOver, ProvisionProgress> {
        let progress = ProvisionProgress {
            role_id: self.role_id,
            user_is_ready: self.user_is_ready,
            app_token: self.known.token.as_ref().map(|token| token.id.clone()),
            in_doubt: self.known.in_doubt,
            provision: self.provision.clone(),
        };
        Turn::Stop(error, progress)
    }
}

impl ProvisionMachine {
    fn new(provision: Provision) -> Self {
        let search = Search::new(provision.marker());
        let known = Known::default();
        Self { provision, known, search, role_id: None, user: None, user_is_ready: false, stage: Stage::LookFurther }
    }

    fn looked(&mut self, tickets: LookTickets, mut results: BatchResults) -> Turn<HandOver, ProvisionProgress> {
        let roles = tickets.roles.map(|ticket| results.take(ticket)).transpose();
        let user = results.take(tickets.user).map(Some).or_else(|error| match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidUserId) => Ok(None),
            _ => Err(error),
        });
        let (roles, user, page, widget) =
            match (roles, user, results.take(tickets.tokens), results.take(tickets.widget)) {
                (Ok(roles), Ok(user), Ok(page), Ok(widget)) => (roles, user, page, widget.ks),
                (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => {
                    return self.look_again_or_stop(error);
                }
            };
        self.known.widget = Some(widget);
        match self.know(roles, user) {
            Ok(()) => self.searched(page),
            Err(error) => self.stop(error),
        }
    }

    /// Takes in which role and user are there; an error if they cannot be used.
    fn know(&mut self, roles: Option<Page<UserRole>>, user: Option<User>) -> Result<(), Error> {
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
            return Err(Error::invalid_input("the user is there and blocked: unblock it, or choose another user id"));
        }
        let has_role = |user: &User| self.role_id.is_some_and(|id| user.roles().contains(&id));
        self.user_is_ready =
            user.as_ref().is_some_and(|user| self.provision.role == ServiceRole::None || has_role(user));
        self.user = user;
        Ok(())
    }

    fn searched(&mut self, page: Page<AppToken>) -> Turn<HandOver, ProvisionProgress> {
        let token = match self.search.take(page) {
            Looked::Partly => {
                let next = self.provision.site.request(&Site::page(self.provision.filter(), &self.search));
                self.stage = Stage::LookFurther;
                return self.go(next);
            }
            Looked::All(token) => token,
        };
        let difference = token.as_ref().and_then(|token| self.provision.difference(token));
        self.known.token = token;
        match difference {
            None => self.go_on(),
            Some(what) => {
                let name = &self.provision.name;
                let error = Error::invalid_input(format!(
                    "the token of {name} is there with another {what} than is asked: rotate or update it, or choose another name"
                ));
                self.stop(error)
            }
        }
    }

    /// To the first thing that is missing.
    fn go_on(&mut self) -> Turn<HandOver, ProvisionProgress> {
        let next = if !self.user_is_ready {
            self.prepare()
        } else if self.known.token.is_none() {
            self.add()
        } else {
            self.stage = Stage::Verify;
            self.known.login(&self.provision.site)
        };
        self.go(next)
    }

    /// Role and user in one request: if the role fails, the user is left without it, which the next run mends.
    fn prepare(&mut self) -> Result<Prepared, Error> {
        let Provision { site, role, user_id, .. } = &self.provision;
        let mut batch = Batch::new(site.endpoint.clone()).with_ks(site.admin.clone());
        let role = match (role, self.role_id) {
            (ServiceRole::WithPermissions { name, permission_names }, None) => {
                let names: Vec<&str> = permission_names.iter().map(String::as_str).collect();
                Some(batch.push(&user_role::Add { user_role: NewUserRole::new(name.clone(), &names) })?)
            }
            _ => None,
        };
        let known_roles: Vec<String> =
            self.user.iter().flat_map(User::roles).chain(self.role_id).map(|id| id.to_string()).collect();
        let known_roles = known_roles.join(",");
        let separator = if known_roles.is_empty() { "" } else { "," };
        let new_role =
            role.map(|role| ("user:roleIds", role.field(&["id"]).after(&format!("{known_roles}{separator}"))));
        let role_ids = (new_role.is_none() && !known_roles.is_empty()).then_some(known_roles);
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
        self.stage = Stage::Prepare(reader, PrepareTickets { role, user });
        Ok(prepared)
    }

    fn prepared(&mut self, tickets: PrepareTickets, mut results: BatchResults) -> Turn<HandOver, ProvisionProgress> {
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
                self.go_on()
            }
            (Err(error), _) | (Ok(_), Err(error)) if error.may_have_acted() => self.in_doubt(error),
            (Err(error), _) | (Ok(_), Err(error)) => self.look_again_or_stop(error),
        }
    }

    fn add(&mut self) -> Result<Prepared, Error> {
        let mut app_token = self.provision.token.clone();
        let description = app_token.description.take().unwrap_or_default();
        app_token.description = Some(self.provision.marker().mark(&description));
        self.stage = Stage::Add;
        self.provision.site.request(&app_token::Add { app_token })
    }

    /// Looks again after what a second look may mend: a passing failure, or somebody who was faster.
    fn look_again_or_stop(&mut self, error: Error) -> Turn<HandOver, ProvisionProgress> {
        let overtaken = matches!(
            error.kind(),
            ErrorKind::Kaltura(KalturaCode::DuplicateUserById | KalturaCode::RoleNameAlreadyExists)
        );
        if overtaken || error.is_transient() { self.look_again(error) } else { self.stop(error) }
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
