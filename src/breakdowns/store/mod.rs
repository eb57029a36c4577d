//! The queries of breakdowns.

mod acts;
mod logs;
mod provider;
mod told;

pub use acts::{Act, NewAct, acts, add_act, backups, end_act, ended_acts};
pub use logs::{OwedLog, delay_log, end_log, owed_logs};
pub use provider::{provider_broken, provider_recovered, provider_ticket};
pub use told::{
    Evidence, add_evidence, before, current, evidence, incident_of, insert, recover, replace, tickets_of,
    touched, without_evidence,
};
