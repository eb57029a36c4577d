//! Monitoring: whether what tenants run works, as it is seen from outside, and what follows when it does not.
//!
//! [`checks`] look; [`incidents`] make of what checks and the engine say one thing that began, changes and ends.

pub mod checks;
pub mod incidents;

pub use checks::{Check, checks_of, make_default_checks};
pub use incidents::{
    Down, End, Incident, IncidentState, News, Signal, Signature, downtime, end_of, failing_since,
    find_incident, incidents_of, report,
};
