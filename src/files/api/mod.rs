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

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

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
        .api(read, routes!(servers::list))
        .api(write, routes!(servers::change))
        .that_may_last()
        .api(write, routes!(servers::delete))
        .that_may_last()
        .api(write, routes!(servers::make_folder))
        .api(read, routes!(servers::read))
        .api(write, routes!(servers::write))
        .that_may_last()
        .api(read, routes!(servers::archive))
        .api(read, routes!(servers::offset))
        .api(write, routes!(servers::append))
        .that_may_last()
        .api(write, routes!(servers::discard))
}

fn of_volumes(read: Rule, write: Rule) -> Routes<App> {
    Routes::new()
        .api(read, routes!(volumes::list))
        .api(write, routes!(volumes::change))
        .that_may_last()
        .api(write, routes!(volumes::delete))
        .that_may_last()
        .api(write, routes!(volumes::make_folder))
        .api(read, routes!(volumes::read))
        .api(write, routes!(volumes::write))
        .that_may_last()
        .api(read, routes!(volumes::archive))
        .api(read, routes!(volumes::offset))
        .api(write, routes!(volumes::append))
        .that_may_last()
        .api(write, routes!(volumes::discard))
}
