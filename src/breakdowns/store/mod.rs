//! The queries of breakdowns.

mod acts;
mod told;

pub use acts::{Act, NewAct, acts, add_act, backups, end_act, ended_acts};
pub use told::{
    Evidence, add_evidence, before, current, evidence, incident_of, insert, recover, replace, tickets_of,
    touched, without_evidence,
};
