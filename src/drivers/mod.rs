//! The outside world behind small traits. A driver knows no feature and no web.

pub mod backup;
pub mod dns;
pub mod engine;
pub mod http;
pub mod inbox;
pub mod mail;
pub mod mailer;
pub mod pool;
pub mod probe;
