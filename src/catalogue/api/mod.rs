//! The catalogue for programs.

mod staff;
mod tenant;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(Permission::ServerRead), routes!(tenant::list))
        .api(Rule::Tenant(Permission::ServerRead), routes!(tenant::show))
        .api(Rule::Staff(Permission::StaffCatalogueRead), routes!(staff::list))
        .api(Rule::Staff(Permission::StaffCatalogueRead), routes!(staff::show))
        .api(
            Rule::Staff(Permission::StaffCatalogueBuild),
            routes!(staff::build),
        )
}
