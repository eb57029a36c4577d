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
mod kept;
mod limiter;
mod listing;
mod log;
pub mod openapi;
pub mod page;
mod recheck;
mod routes;
mod serve;
mod socket;
mod sorted;
mod sse;
mod timeout;

pub use address::ClientAddress;
pub use ago::ago;
pub use assets::{asset, asset_path};
pub use conditional::{Accepted, IfMatch, Tagged};
pub use error::{draw_errors, refuse_cross_origin};
pub use extract::{Json, MAX_BODY, Path, Query, local_path};
pub use form::{CHANGED, FormData, FormState, RETURNED};
pub use guard::{
    Kit, MAILBOX_COOKIE, MAILBOX_SIGN_IN, SESSION_COOKIE, mailbox_cookie, session_cookie,
};
pub use headers::security_headers;
pub use idempotency::purge as purge_idempotency_keys;
pub use kept::{AskAgain, KEPT, way_back, who_cookie};
pub use limiter::Limiter;
pub use listing::{Cursor, ListOut, ListQuery, Listing, PageQuery, first_href};
pub use log::log_requests;
pub use page::{Ctx, Page, SeeOther};
pub use recheck::Recheck;
pub use routes::{Kind, RouteInfo, Routes};
pub use serve::serve;
pub use socket::Socket;
pub use sorted::{SortKey, Sorted, Unfiltered};
pub use sse::{Fragment, LIFETIME, LastSeen, live};
pub use timeout::{Lasting, limit_time};
