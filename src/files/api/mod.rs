//! Files for programs: the same actions as the pages. A path is one parameter, `path`, in the text form of
//! [`VolumePath`](crate::drivers::engine::VolumePath).

mod content;
mod entries;
mod outs;
mod uploads;

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
    Routes::new()
        .api(read, routes!(entries::list))
        .api(write, routes!(entries::change))
        .that_may_last()
        .api(write, routes!(entries::delete))
        .that_may_last()
        .api(write, routes!(entries::make_folder))
        .api(read, routes!(content::read))
        .api(write, routes!(content::write))
        .that_may_last()
        .api(read, routes!(content::archive))
        .api(read, routes!(uploads::offset))
        .api(write, routes!(uploads::append))
        .that_may_last()
        .api(write, routes!(uploads::discard))
}
