//! How every feature does things: access, web, database, jobs, reconciling. Platform knows no feature.

pub mod access;
pub mod clock;
pub mod db;
pub mod error;
pub mod events;
pub mod fault;
pub mod hex;
pub mod ids;
pub mod jobs;
pub mod metrics;
pub mod operations;
pub mod reconcile;
pub mod secret;
pub mod shutdown;
pub mod telemetry;

pub mod web;
