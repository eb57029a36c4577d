//! One operation of the API: where it is, who answers it, and how its description is made.
//!
//! Mounting it must not make its description: those of all operations are millions of instructions and 20 MiB, and only
//! who prints the document (`berth openapi`) wants them.

use std::convert::Infallible;

use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa::openapi::path::HttpMethod;
use utoipa_axum::PathItemExt as _;
use utoipa_axum::router::UtoipaMethodRouter;

/// Makes the description of an operation: the schemas that it names, and its path.
pub(super) type Describe<S> = fn() -> UtoipaMethodRouter<S>;

/// An operation of the API, as `operation!` makes it from its handler.
pub struct Operation<S> {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) router: MethodRouter<S, Infallible>,
    pub(super) describe: Describe<S>,
}

impl<S: Clone + Send + Sync + 'static> Operation<S> {
    /// The operation that `#[utoipa::path]` wrote down as `P`, with its handler. One that more than one method leads to is
    /// mounted under the first of them: write down one operation for each.
    pub fn new<P, H, T>(handler: H, describe: Describe<S>) -> Self
    where
        P: utoipa::Path,
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = P::methods();
        debug_assert!(methods.len() == 1, "{}: an operation has one method", P::path());
        let method = methods.first().unwrap_or(&HttpMethod::Get);
        Self {
            method: name(method),
            path: P::path(),
            router: MethodRouter::new().on(method.to_method_filter(), handler),
            describe,
        }
    }
}

/// The method as it is written in requests.
fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

/// The `Operation` of a handler that `#[utoipa::path]` stands on, wherever it is: `operation!(create)`,
/// `operation!(lists::index)`.
macro_rules! operation {
    ($($handler:tt)+) => {
        $crate::platform::web::Operation::new::<
            $crate::platform::web::operation_type!([] $($handler)+), _, _
        >($($handler)+, || ::utoipa_axum::routes!($($handler)+))
    };
}

/// The type that `#[utoipa::path]` makes beside a handler: `__path_` before its name, in the same module.
macro_rules! operation_type {
    ([$($module:tt)*] $handler:ident) => {
        ::utoipa_axum::paste! { $($module)* [<__path_ $handler>] }
    };
    ([$($module:tt)*] $next:ident :: $($rest:tt)+) => {
        $crate::platform::web::operation_type!([$($module)* $next ::] $($rest)+)
    };
}

pub(crate) use {operation, operation_type};
