//! A tenant that is erased: repositories that lie on the engine go. Those elsewhere lose their key with the tenant's row, which
//! is the end of what is in them.

use crate::app::App;
use crate::drivers::backup::Address;
use crate::drivers::engine::EngineError;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::store;
use super::target;

/// Removes a tenant's repositories from the engine. Says whether all are gone; one that is in use, or whose engine does not
/// answer, is for later. Harmless twice.
pub async fn erase_data(app: &App, scope: &SystemScope, tenant: TenantId) -> Result<bool, Error> {
    let targets = store::volume_targets(&mut scope.begin().await?, tenant).await?;
    for id in targets {
        let Address::Volume(key) = target::address(&app.keyring, (id, None), tenant)? else {
            continue;
        };
        match app.engine.remove_volume(&key).await {
            Ok(_) => {}
            Err(
                error @ (EngineError::InUse { .. } | EngineError::Unavailable(_) | EngineError::Timeout(_)),
            ) => {
                tracing::info!(
                    error = &error as &dyn std::error::Error,
                    %tenant,
                    "a repository of backups is erased later"
                );
                return Ok(false);
            }
            Err(error) => return Err(Error::internal(error)),
        }
    }
    Ok(true)
}
