//! An account on the fake server, and the faults to inject.

use std::time::Duration;

use apptoken_core::api::app_token::{AppToken, AppTokenFilter, List};
use apptoken_core::api::{user, user_role};
use apptoken_core::{
    Action, AllPages, AppTokenId, Call, Clock as _, Endpoint, Error, Flow, HashType, Ks, PartnerId, StoppedFlow, drive,
};
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec, TokenStatus};

use crate::support::endpoint;

pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) admin: Ks,
}

impl World {
    pub(crate) fn new() -> Self {
        let fake = Fake::new();
        let admin = fake.admin_session(partner()).unwrap();
        Self { fake, admin }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        endpoint()
    }

    pub(crate) fn token(&self) -> AppTokenId {
        self.fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("importer").description("old one")).id
    }

    pub(crate) fn run<F: Flow>(&self, flow: F) -> Result<F::Output, StoppedFlow<F>> {
        let clock = self.fake.clock();
        drive(flow.start(clock.now()).unwrap(), &self.fake, clock)
    }

    pub(crate) fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        Ok(self.run(Call::new(self.endpoint(), action).with_ks(self.admin.clone()))?)
    }

    /// The tokens that the API shows.
    pub(crate) fn tokens(&self) -> Vec<AppToken> {
        self.run(AllPages::new(self.endpoint(), List::new(AppTokenFilter::default()), self.admin.clone())).unwrap()
    }

    pub(crate) fn is_there(&self, id: &AppTokenId) -> bool {
        self.fake.token(id).is_some_and(|token| token.status == TokenStatus::Active)
    }

    pub(crate) fn roles_named(&self, name: &str) -> Vec<i64> {
        let filter = user_role::UserRoleFilter { name_equal: Some(name.to_owned()), ..Default::default() };
        let page = self.call(user_role::List { filter, pager: None }).unwrap();
        page.objects.into_iter().map(|role| role.id).collect()
    }

    pub(crate) fn roles_of_user(&self, id: &str) -> Option<Vec<i64>> {
        self.call(user::Get { user_id: Some(id.to_owned()) }).ok().map(|user| user.roles())
    }
}

pub(crate) fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

/// Every fault at each of the first six requests, before and after the server executes the request.
pub(crate) fn faults() -> impl Iterator<Item = (String, Fault)> {
    let troubles = || {
        [
            FaultKind::Refused,
            FaultKind::Reset,
            FaultKind::CutAfter(0),
            FaultKind::CutAfter(20),
            FaultKind::EmptyReply,
            FaultKind::Html(200),
            FaultKind::Html(502),
            FaultKind::Xml,
            FaultKind::Null,
            FaultKind::Truncated,
            FaultKind::Malformed,
            FaultKind::Redirect { status: 302, location: "https://elsewhere.example.org".into() },
            FaultKind::Status(404),
            FaultKind::Status(429),
            FaultKind::Status(500),
            FaultKind::Status(503),
            FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into()),
            FaultKind::Delay(Duration::from_secs(20)),
        ]
    };
    // Kaltura raises these before it executes the request, so there is no "after".
    let refusals = || {
        [
            FaultKind::ApiError("SERVICE_FORBIDDEN".into()),
            FaultKind::ApiError("INVALID_KS".into()),
            FaultKind::ActionBlocked,
        ]
    };
    (1..=6).flat_map(move |nth| {
        let fault = move |trouble: FaultKind| (format!("request {nth}, {trouble:?}"), Fault::on_any(trouble).nth(nth));
        let after =
            |(case, fault): (String, Fault)| (format!("{case}, after the server executed it"), fault.after_commit());
        let before = troubles().into_iter().chain(refusals()).map(fault);
        before.chain(troubles().into_iter().map(move |trouble| after(fault(trouble))))
    })
}
