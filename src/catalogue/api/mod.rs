//! The catalogue for programs.

mod staff;
mod tenant;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(Permission::ServerRead), operation!(tenant::list))
        .api(Rule::Tenant(Permission::ServerRead), operation!(tenant::show))
        .api(
            Rule::Staff(Permission::StaffCatalogueRead),
            operation!(staff::list),
        )
        .api(
            Rule::Staff(Permission::StaffCatalogueRead),
            operation!(staff::show),
        )
        .api(
            Rule::Staff(Permission::StaffCatalogueBuild),
            operation!(staff::build),
        )
}
