//! Berth: a managed hosting control panel.

#![recursion_limit = "256"]

pub mod accounts;
pub mod app;
pub mod audit;
pub mod backups;
pub mod catalogue;
pub mod certificates;
pub mod commands;
pub mod config;
pub mod demo;
pub mod drills;
pub mod drivers;
pub mod eggs;
pub mod exit;
pub mod files;
pub mod guests;
pub mod help;
pub mod housekeeping;
pub mod networks;
pub mod notifications;
pub mod overview;
pub mod platform;
pub mod routes;
pub mod schedules;
pub mod search;
pub mod servers;
pub mod shares;
pub mod snapshots;
pub mod stacks;
pub mod storage;
pub mod tenants;
#[cfg(feature = "testing")]
pub mod testing;
pub mod usage;
pub mod volumes;
