//! Files for programs: the same actions as the pages. A path is one parameter, `path`, in the text form of
//! [`VolumePath`](crate::drivers::engine::VolumePath). What an operation does is the same for servers and for volumes; each has
//! a handler for either, because its description names an address.

mod content;
mod entries;
mod outs;
mod servers;
mod uploads;
mod volumes;

pub use content::Binary;
pub use outs::FileOut;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::FileRead),
        Rule::Tenant(Permission::FileWrite),
    );
    of_servers(read, write).merge(of_volumes(read, write))
}

fn of_servers(read: Rule, write: Rule) -> Routes<App> {
    Routes::new()
        .api(read, operation!(servers::list))
        .api(write, operation!(servers::change))
        .that_may_last()
        .api(write, operation!(servers::delete))
        .that_may_last()
        .api(write, operation!(servers::make_folder))
        .api(read, operation!(servers::read))
        .api(write, operation!(servers::write))
        .that_may_last()
        .api(read, operation!(servers::archive))
        .api(read, operation!(servers::offset))
        .api(write, operation!(servers::append))
        .that_may_last()
        .api(write, operation!(servers::discard))
}

fn of_volumes(read: Rule, write: Rule) -> Routes<App> {
    Routes::new()
        .api(read, operation!(volumes::list))
        .api(write, operation!(volumes::change))
        .that_may_last()
        .api(write, operation!(volumes::delete))
        .that_may_last()
        .api(write, operation!(volumes::make_folder))
        .api(read, operation!(volumes::read))
        .api(write, operation!(volumes::write))
        .that_may_last()
        .api(read, operation!(volumes::archive))
        .api(read, operation!(volumes::offset))
        .api(write, operation!(volumes::append))
        .that_may_last()
        .api(write, operation!(volumes::discard))
}
