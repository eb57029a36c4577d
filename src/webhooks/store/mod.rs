//! The rows of webhooks, of what they are told, and of what that is signed with.

mod deliveries;
mod secrets;
mod webhooks;

pub use deliveries::{
    NewDelivery, Waiting, deliveries, delivery, due, fail_waiting, forget, insert_delivery, renew, tried,
};
pub use secrets::{add_secret, forget_secrets, keys, outdated, retire, save_sealed};
pub use webhooks::{
    TimeKey, count, delete, disable, disabled, enable, failed, find, hears, hold, insert, list, lock,
    release, save, worked,
};
