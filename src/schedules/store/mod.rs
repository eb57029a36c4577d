//! All SQL of schedules.

mod runs;
mod schedules;
mod work;
mod zone;

pub(super) use runs::{NewRun, add_run, find_run, latest, list_runs, run_steps, skip, trim};
pub(super) use schedules::{
    count, delete, find, insert, list, lock, lock_server, of_tenant, save, set_next, set_paused,
};
pub(super) use work::{
    Claimed, Fired, Lost, Subject, begin_step, claim, due, end_run, end_step, go_on, lost, put_back, renew,
    subject,
};
pub(super) use zone::{save_zone, zone};
