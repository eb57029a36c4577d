//! The outside world behind small traits. A driver knows no feature and no web.

pub mod backup;
pub mod dns;
pub mod engine;
pub mod mail;
pub mod mailer;
pub mod pool;
