//! All SQL about drills.

mod proofs;
mod queue;
mod rows;
mod settings;

pub use proofs::{StaffRow, alerts, fail, oldest, proof, prove, servers, tenant_proof};
pub use queue::{
    Claimed, active, are_open, candidates, claim, end, forget, note, put_off, renew, repository, tenants,
};
pub use rows::{add, list, newest_backup, of_tenant};
pub use settings::{KeptSetting, is_without, save_setting, set_without, setting};
