//! How every feature does things: access, web, database, jobs, reconciling. Platform knows no feature.

pub mod web;
