//! The rows of on-call: rotas, chains, where pagings are, pages, links and notes.

mod calls;
mod chains;
mod handovers;
mod people;
mod rotas;
mod runs;

pub use calls::{
    LinkOwner, add_call, address_of, call, forget_links, give_up_mails, hold, lines, link_calls, link_of,
    mailed, open_of_link, page_of_calls, skip_mails, use_link, waiting_people, write_link,
};
pub use chains::{
    chain, chains, clear_default, default_chain, delete_chain, insert_chain, is_rota_used, lock_chain,
    lock_default, save_chain, set_default,
};
pub use handovers::{Grave, Handover, grave, handover, handovers, insert_handover, see_handover};
pub use people::{Person, is_staff, managers, people};
pub use rotas::{
    Holiday, delete_holiday, delete_override, delete_rota, holiday, holidays, insert_holiday,
    insert_override, insert_rota, lock_rota, rota, rotas, save_rota,
};
pub use runs::{Claimed, claim, lock_run, running, save_run, stop};
