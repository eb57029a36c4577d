//! The queries of servers.

mod condition;
mod copy;
mod crash;
mod deleted;
mod disk;
mod eggs;
mod events;
mod list;
mod lookup;
mod moves;
mod parts;
mod queue;
mod rows;
mod sealed;
mod stacks;
mod sweep;
mod texts;
mod update;
mod write;

pub use condition::{EngineCondition, ServerCondition, conditions, engines};
pub use copy::{Source, begin_copy, copied_to, copying, end_copy, note_copied, source};
pub use crash::{Exit, crash_log, forget_crashes, note_exit, save_crashes, stop_crashing};
pub use deleted::{
    Leave, beyond, erase, expire, list_deleted, names_like, newest_deleted, put_away, reclaim_ports,
    release_ports, restore,
};
pub use disk::{note_size, note_volume, volumes, wake_stuck};
pub use eggs::{
    EggState, InstallNews, add_egg, allocate_pair, egg_state, install_failure, note_install, save_template,
    set_install, set_ready,
};
pub use events::{NewEvent, add_event, list_events, note_oom};
pub use list::{END_OF_TIME, Filter, Newest, Sort, StateFilter, list};
pub use lookup::{
    find, find_location, find_size, guest_fits, lock, lock_tenant, notices, own_location, save_location,
    several, sizes,
};
pub use moves::{departs_from, move_server, note_departed, tenants_to_choose};
pub use parts::{
    all_ports, allocate_port, block_port, delete_variable, is_last_of_tenant, move_port, ports,
    release_subnet, replace_subnet, save_variable, subnet, variables,
};
pub use queue::{Claimed, Finish, claim, finish, forget, note_restart, renew, set_step};
pub use sealed::{SealedVariable, count_outdated, outdated, reseal};
pub use stacks::{lock_stack, of_stacks, set_place, shares_volumes};
pub use sweep::{Brief, Orphan, briefs, clear_orphans, note_orphans, save_engine_state, wake};
pub use texts::{names, note, save_note, save_suspension, save_tags};
pub use update::{accept_update, begin_update, outdated_servers, roll_back};
pub use write::{Wish, host_names, insert, save_image, save_name, save_size, wish};
