//! Who is it, and may they? Runs before every handler, with the rule that the route states.
//!
//! Pages take the session cookie only, the API takes bearer tokens only: a token can't be phished into a browser's form,
//! and a cookie can't be used by another site's script. Wrong tenant: 404. Right tenant, wrong role: 403. Nobody: 401,
//! which pages turn into a way to sign in.

use std::collections::HashMap;
use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::platform::access::{
    Actor, Authenticate, AuthenticateMailbox, Member, Permission, Rule, StaffScope, TenantScope, UserScope,
    Via, Visitor, Who, guest_may,
};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::secret::Keyring;

use super::address::ClientAddress;
use super::headers::RequestId;
use super::kept;
use super::limiter::{Key, Limiter};
use super::mailbox;
use super::recheck::Recheck;
use super::routes::Kind;

/// The session's cookie. The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
pub const SESSION_COOKIE: &str = "__Host-berth";

/// What guards need; the same for every route.
#[derive(Clone)]
pub struct Kit {
    /// The data that scopes open.
    pub db: Db,
    /// Sessions and tokens.
    pub authenticate: Arc<dyn Authenticate>,
    /// Sessions of mailboxes' people.
    pub mailboxes: Arc<dyn AuthenticateMailbox>,
    /// How much one caller may ask.
    pub limiter: Arc<Limiter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What pages carry and only we may read.
    pub keyring: Arc<Keyring>,
}

#[derive(Clone)]
pub(super) struct Guard {
    pub(super) kit: Kit,
    pub(super) rule: Rule,
    pub(super) kind: Kind,
    pub(super) returns: bool,
    /// Whether guests of a server may come in at all.
    pub(super) has_guests: bool,
}

/// What a tenant's address says it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The tenant's name, on pages.
    slug: Option<String>,
    /// The server.
    server: Option<ServerId>,
}

/// The cookie that carries a new session.
pub fn session_cookie(token: String) -> Cookie<'static> {
    lasting_cookie(SESSION_COOKIE, token)
}

pub(super) fn lasting_cookie(name: &'static str, token: String) -> Cookie<'static> {
    Cookie::build((name, token))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

pub(super) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    // Only a request that reads keeps its connection. One that changes something opens others beside its own (for
    // idempotency keys), and many that each hold one and wait for a second would wait for each other.
    let is_safe = request.method().is_safe();
    let db = if is_safe {
        guard.kit.db.for_request()
    } else {
        guard.kit.db.clone()
    };
    let admitted = guard.admit(&db, &mut request).await;
    let (mut response, left) = match admitted {
        Ok(left) if guard.returns => match kept::bring_back(&guard.kit, request).await {
            Ok(request) => (next.run(request).await, left),
            Err(error) => (error.into_response(), left),
        },
        Ok(left) => (next.run(request).await, left),
        Err(Error::SignInRequired) if guard.rule == Rule::Mailbox => (mailbox::ask_to_sign_in(is_safe), None),
        Err(Error::SignInRequired) if guard.returns => (kept::ask_again(&guard.kit, request).await, None),
        Err(error) => (error.into_response(), None),
    };
    // A stream that goes on must not hold on to what was kept for its beginning.
    db.release();
    if guard.kind == Kind::Api {
        guard.tell_limit(response.headers_mut(), left);
    }
    response
}

/// The fields of draft-ietf-httpapi-ratelimit-headers-10: the policy, and what is left of it now.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl Guard {
    fn tell_limit(&self, headers: &mut HeaderMap, left: Option<u32>) {
        let policy = format!("\"caller\";q={};w=60", self.kit.limiter.per_minute());
        let now = left.map(|left| format!("\"caller\";r={left}"));
        for (name, value) in [(RATE_LIMIT_POLICY, Some(policy)), (RATE_LIMIT, now)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
    }

    /// Lets the request in, with the scope that its rule grants. Tells how much the caller may still ask at once.
    async fn admit(&self, db: &Db, request: &mut Request) -> Result<Option<u32>, Error> {
        let address = request
            .extensions()
            .get::<ClientAddress>()
            .copied()
            .unwrap_or_default();
        if self.rule == Rule::Mailbox {
            return self.admit_mailbox(db, request, address).await.map(Some);
        }
        let actor = self.authenticate(db, request.headers()).await?;
        let left = actor
            .as_ref()
            .map(|actor| self.kit.limiter.check(&Key::of(actor)))
            .transpose()?;
        let ip = address.to_string();
        let request_id = RequestId::of(request.extensions());
        if self.rule == Rule::Public {
            // Its handler has no scope that would take it.
            db.release();
            if let Some(actor) = &actor {
                request.extensions_mut().insert(actor.clone());
            }
            let visitor = Visitor {
                actor,
                ip,
                request_id,
            };
            request.extensions_mut().insert(visitor);
            return Ok(left);
        }
        let actor = actor.ok_or(Error::SignInRequired)?;
        let who = Who::actor(&actor, &ip, &request_id);
        let place = self.place(request).await;
        if request.headers().contains_key(header::UPGRADE) {
            let recheck = Recheck::new(self, request.headers(), &place, &who);
            request.extensions_mut().insert(recheck);
        }
        self.grant(request.extensions_mut(), db, actor, (who, &place))?;
        Ok(left)
    }

    async fn authenticate(&self, db: &Db, headers: &HeaderMap) -> Result<Option<Actor>, Error> {
        match self.kind {
            Kind::Api => match bearer(headers) {
                Some(token) => self.kit.authenticate.token(db, token).await,
                None => Ok(None),
            },
            Kind::Page => match CookieJar::from_headers(headers).get(SESSION_COOKIE) {
                Some(cookie) => self.kit.authenticate.session(db, cookie.value()).await,
                None => Ok(None),
            },
        }
    }

    /// Asks for a connection that is still open what [`admit`](Self::admit) asked for its request.
    pub(super) async fn ask_again(
        &self,
        granted: &mut Extensions,
        proof: &HeaderMap,
        context: (Who, &Place),
    ) -> Result<(), Error> {
        let db = &self.kit.db;
        let actor = self.authenticate(db, proof).await?;
        self.grant(granted, db, actor.ok_or(Error::SignInRequired)?, context)
    }

    /// The tenant on pages that have one, and the server where the address has one.
    async fn place(&self, request: &mut Request) -> Place {
        let is_told = self.kind == Kind::Page || self.has_guests;
        if !is_told || !matches!(self.rule, Rule::Tenant(_)) {
            return Place::default();
        }
        let Ok(params) = request.extract_parts::<RawPathParams>().await else {
            return Place::default();
        };
        let params: HashMap<_, _> = params.iter().collect();
        Place {
            slug: params
                .get("tenant")
                .filter(|_| self.kind == Kind::Page)
                .map(|slug| (*slug).to_owned()),
            server: params.get("server_id").and_then(|id| id.parse().ok()),
        }
    }

    fn grant(
        &self,
        extensions: &mut Extensions,
        db: &Db,
        actor: Actor,
        (who, place): (Who, &Place),
    ) -> Result<(), Error> {
        let db = db.clone();
        extensions.insert(actor.clone());
        match self.rule {
            Rule::Own(permission) if !actor.may_as_themselves(permission) => return Err(Error::Forbidden),
            // Its people are no actors: `admit_mailbox` lets them in.
            Rule::Mailbox => return Err(Error::NotFound),
            Rule::Public | Rule::SignedIn | Rule::Own(_) => {
                extensions.insert(UserScope::new(db, who, actor));
            }
            Rule::Tenant(permission) => {
                let member = membership(&actor, place.slug.as_deref());
                let member = member.or_else(|| self.pass(&actor, place, permission));
                let member = member.ok_or(Error::NotFound)?.clone();
                may(&actor, &member, permission)?;
                extensions.insert(member.clone());
                extensions.insert(TenantScope::new(db, who, actor, member));
            }
            Rule::Staff(permission) => {
                let is_tenant_token = matches!(actor.via, Via::Token { tenant: Some(_), .. });
                if actor.staff.is_none() || is_tenant_token {
                    return Err(Error::NotFound);
                }
                if !actor.may_as_staff(permission) {
                    return Err(Error::Forbidden);
                }
                extensions.insert(StaffScope::new(db, who, actor));
            }
        }
        Ok(())
    }
}

impl Guard {
    /// What the server that a request is about is shared with the actor as. A guest is at home on the routes of their server
    /// whose permission can be a guest's; all else of the tenant is not there for them.
    fn pass<'a>(&self, actor: &'a Actor, place: &Place, permission: Permission) -> Option<&'a Member> {
        if !self.has_guests {
            return None;
        }
        let shared = match (&actor.via, place.slug.as_deref(), place.server) {
            (Via::Session(_), Some(slug), Some(server)) => actor
                .guests
                .iter()
                .find(|guest| guest.member.slug == slug && guest.server == server),
            // A guest's token is for one server, which the address names or, for what a server's work is called, does not.
            (
                Via::Token {
                    tenant: Some(tenant), ..
                },
                None,
                server,
            ) => actor.guests.iter().find(|guest| {
                guest.member.tenant == *tenant && server.is_none_or(|server| server == guest.server)
            }),
            _ => None,
        };
        shared
            .map(|guest| &guest.member)
            .filter(|_| guest_may(permission))
    }
}

/// The membership that a request is about: by the address on pages, by the token in the API.
fn membership<'a>(actor: &'a Actor, slug: Option<&str>) -> Option<&'a Member> {
    match (&actor.via, slug) {
        (Via::Session(_), Some(slug)) => actor.memberships.iter().find(|member| member.slug == slug),
        (
            Via::Token {
                tenant: Some(tenant), ..
            },
            None,
        ) => actor.memberships.iter().find(|member| member.tenant == *tenant),
        _ => None,
    }
}

fn may(actor: &Actor, member: &Member, permission: Permission) -> Result<(), Error> {
    if !actor.may_in(member, permission) {
        return Err(Error::Forbidden);
    }
    match &member.suspended {
        Some(reason) if permission.writes() => Err(Error::Suspended {
            reason: reason.clone(),
        }),
        _ => Ok(()),
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, 2.1); the scheme's case does not matter (RFC 9110, 11.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
