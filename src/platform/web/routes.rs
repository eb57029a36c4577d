//! The only place that mounts routes: each with the rule that says who may call it.
//!
//! The same table mounts the guard, prints `berth routes`, fills the security of the API's description, and is walked by a
//! test as everybody who must not get in.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the builder that the rule points to"
)]

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use utoipa::openapi::OpenApi;

use crate::platform::access::{Rule, guest_may};

use super::guard::{Guard, Kit, guard};
use super::operation::{Describe, Operation};
use super::timeout::Lasting;
use super::{idempotency, openapi};

/// For whom a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Browsers: cookie, HTML.
    Page,
    /// Programs: bearer token, JSON.
    Api,
}

/// One line of the route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its parameters in braces.
    pub path: String,
    /// Who may call it.
    pub rule: Rule,
    /// For whom it is.
    pub kind: Kind,
    /// Whether it is a form that comes back filled in when its session has ended.
    pub returns: bool,
    /// Whether it may take longer than a page.
    pub may_last: bool,
    /// Whether it is about one server, so that those may come whom the server is shared with.
    pub has_guests: bool,
}

struct Entry<S> {
    info: RouteInfo,
    router: MethodRouter<S, Infallible>,
}

/// A feature's routes, and in the end all.
pub struct Routes<S> {
    entries: Vec<Entry<S>>,
    described: Vec<(Rule, Describe<S>)>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            described: Vec::new(),
        }
    }

    /// A page.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &str, rule: Rule, handler: H) -> Self {
        self.add(page("GET", path, rule), get(handler))
    }

    /// The target of a button, or of a form with nothing in it that would be typed again.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &str, rule: Rule, handler: H) -> Self {
        self.add(page("POST", path, rule), post(handler))
    }

    /// The target of a form. Where the session of whoever sends it has ended, it comes back filled in after they have
    /// signed in, so its handler acts through [`super::FormData::submit`] and shows the form again for what that refuses.
    #[must_use]
    pub fn form<H: Handler<T, S>, T: 'static>(self, path: &str, rule: Rule, handler: H) -> Self {
        let info = RouteInfo {
            returns: true,
            ..page("POST", path, rule)
        };
        self.add(info, post(handler))
    }

    /// The target of a form with more in it than others have, of at most `limit` bytes.
    #[must_use]
    pub fn large_form<H: Handler<T, S>, T: 'static>(
        self,
        path: &str,
        rule: Rule,
        limit: usize,
        handler: H,
    ) -> Self {
        let info = RouteInfo {
            returns: true,
            ..page("POST", path, rule)
        };
        self.add(info, post(handler).layer(DefaultBodyLimit::max(limit)))
    }

    /// An address of the API, as `operation!` tells it.
    #[must_use]
    pub fn api(mut self, rule: Rule, operation: Operation<S>) -> Self {
        let Operation {
            method,
            path,
            router,
            describe,
        } = operation;
        self.described.push((rule, describe));
        let info = RouteInfo {
            kind: Kind::Api,
            ..page(method, &path, rule)
        };
        self.add(info, router)
    }

    /// The route that was mounted last may take longer than a page: it brings or changes much, and ends what makes no
    /// progress by itself.
    #[must_use]
    pub fn that_may_last(mut self) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.info.may_last = true;
        }
        self
    }

    /// The route that was mounted last is about one server without naming it, and shows of the tenant what row-level security
    /// shows a guest. Whatever names its server is theirs anyway, if they have its permission.
    #[must_use]
    pub fn for_guests_too(mut self) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.info.has_guests = true;
        }
        self
    }

    /// The paths of those.
    pub fn lasting(&self) -> Lasting {
        let lasting = self.entries.iter().filter(|entry| entry.info.may_last);
        Arc::new(lasting.map(|entry| entry.info.path.clone()).collect())
    }

    /// Another feature's routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self.described.extend(other.described);
        self
    }

    /// What is mounted, in the order of paths.
    pub fn table(&self) -> Vec<RouteInfo> {
        let mut table: Vec<_> = self.entries.iter().map(|entry| entry.info.clone()).collect();
        table.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        table
    }

    /// The API's description. Put together only where it is asked for: it is a tree of some 20 MiB, and a panel that serves
    /// reads the committed file.
    pub fn document(&self) -> OpenApi {
        openapi::document(&self.described)
    }

    /// Mounts everything behind its guard.
    pub fn into_router(self, kit: &Kit) -> Router<S> {
        self.entries.into_iter().fold(Router::new(), |router, entry| {
            let Entry {
                info,
                router: methods,
            } = entry;
            let methods = if info.kind == Kind::Api {
                methods.route_layer(from_fn_with_state(kit.clone(), idempotency::replay))
            } else {
                methods
            };
            let state = Guard {
                kit: kit.clone(),
                rule: info.rule,
                kind: info.kind,
                returns: info.returns,
                has_guests: info.has_guests,
            };
            router.route(&info.path, methods.route_layer(from_fn_with_state(state, guard)))
        })
    }

    fn add(mut self, info: RouteInfo, router: MethodRouter<S, Infallible>) -> Self {
        let RouteInfo {
            method, path, rule, ..
        } = &info;
        debug_assert!(
            rule.is_consistent(),
            "{method} {path}: {rule} is of the wrong side"
        );
        debug_assert!(
            info.kind == Kind::Api || !matches!(rule, Rule::Tenant(_)) || path.starts_with("/t/{tenant}"),
            "{path}: a tenant's page needs its slug"
        );
        self.entries.push(Entry { info, router });
        self
    }
}

/// The line of a page.
fn page(method: &str, path: &str, rule: Rule) -> RouteInfo {
    RouteInfo {
        method: method.to_owned(),
        path: path.to_owned(),
        rule,
        kind: Kind::Page,
        returns: false,
        may_last: false,
        has_guests: matches!(rule, Rule::Tenant(permission) if guest_may(permission))
            && path.contains("/{server_id}"),
    }
}
