//! The only place that mounts routes: each with the rule that says who may call it.
//!
//! The same table mounts the guard, prints `berth routes`, fills the security of the API's description, and is walked by a
//! test as everybody who must not get in.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the builder that the rule points to"
)]

use std::convert::Infallible;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::platform::access::Rule;

use super::guard::{Guard, Kit, guard};
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
}

struct Entry<S> {
    path: String,
    rule: Rule,
    kind: Kind,
    router: MethodRouter<S, Infallible>,
}

/// A feature's routes, and in the end all.
pub struct Routes<S> {
    entries: Vec<Entry<S>>,
    table: Vec<RouteInfo>,
    document: OpenApi,
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
            table: Vec::new(),
            document: openapi::empty(),
        }
    }

    /// A page.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &str, rule: Rule, handler: H) -> Self {
        self.add("GET", path, rule, Kind::Page, get(handler))
    }

    /// A form's target.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &str, rule: Rule, handler: H) -> Self {
        self.add("POST", path, rule, Kind::Page, post(handler))
    }

    /// An address of the API, as `utoipa_axum::routes!` tells it.
    #[must_use]
    pub fn api(mut self, rule: Rule, (schemas, paths, router): UtoipaMethodRouter<S>) -> Self {
        let operations = openapi::operations(&paths);
        openapi::add(&mut self.document, rule, schemas, paths);
        for (method, path) in operations {
            self = self.add(method, &path, rule, Kind::Api, router.clone());
        }
        self
    }

    /// Another feature's routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self.table.extend(other.table);
        self.document.merge(other.document);
        self
    }

    /// What is mounted, in the order of paths.
    pub fn table(&self) -> Vec<RouteInfo> {
        let mut table = self.table.clone();
        table.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        table
    }

    /// The API's description.
    pub fn document(&self) -> OpenApi {
        openapi::finish(self.document.clone())
    }

    /// Mounts everything behind its guard.
    pub fn into_router(self, kit: &Kit) -> Router<S> {
        self.entries.into_iter().fold(Router::new(), |router, entry| {
            let Entry {
                path,
                rule,
                kind,
                router: methods,
            } = entry;
            let methods = if kind == Kind::Api {
                methods.route_layer(from_fn_with_state(kit.clone(), idempotency::replay))
            } else {
                methods
            };
            let state = Guard {
                kit: kit.clone(),
                rule,
                kind,
            };
            router.route(&path, methods.route_layer(from_fn_with_state(state, guard)))
        })
    }

    fn add(
        mut self,
        method: &str,
        path: &str,
        rule: Rule,
        kind: Kind,
        router: MethodRouter<S, Infallible>,
    ) -> Self {
        debug_assert!(
            rule.is_consistent(),
            "{method} {path}: {rule} is of the wrong side"
        );
        debug_assert!(
            kind == Kind::Api || !matches!(rule, Rule::Tenant(_)) || path.starts_with("/t/{tenant}"),
            "{path}: a tenant's page needs its slug"
        );
        self.table.push(RouteInfo {
            method: method.to_owned(),
            path: path.to_owned(),
            rule,
            kind,
        });
        self.entries.push(Entry {
            path: path.to_owned(),
            rule,
            kind,
            router,
        });
        self
    }
}
