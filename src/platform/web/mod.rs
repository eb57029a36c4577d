//! The HTTP kit: routes that state their access, extractors that reject with our errors, pages, forms, lists, headers.

mod address;
mod ago;
mod assets;
mod conditional;
mod error;
mod extract;
mod form;
mod guard;
mod headers;
pub mod health;
mod idempotency;
mod limiter;
mod listing;
mod log;
pub mod openapi;
pub mod page;
mod routes;
mod serve;
mod sse;

pub use address::ClientAddress;
pub use ago::ago;
pub use assets::{asset, asset_path};
pub use conditional::{Accepted, IfMatch, Tagged};
pub use error::{draw_errors, refuse_cross_origin};
pub use extract::{Json, MAX_BODY, Path, Query, local_path};
pub use form::{FormData, FormState};
pub use guard::{Kit, SESSION_COOKIE, session_cookie};
pub use headers::security_headers;
pub use idempotency::purge as purge_idempotency_keys;
pub use limiter::Limiter;
pub use listing::{Cursor, ListOut, ListQuery, Listing, PageQuery};
pub use log::log_requests;
pub use page::{Ctx, Page, SeeOther};
pub use routes::{Kind, RouteInfo, Routes};
pub use serve::serve;
pub use sse::{Fragment, LIFETIME, fragments, last_event_id};
