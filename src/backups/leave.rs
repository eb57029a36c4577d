//! A tenant that is erased: repositories that lie on the engine go. Those elsewhere lose their key with the tenant's row, which
//! is the end of what is in them.

use crate::app::App;
use crate::drivers::backup::Address;
use crate::drivers::engine::EngineError;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::{BackupTargetId, TenantId};

use super::hold::hold;
use super::store;
use super::target;

/// Removes a tenant's repositories from the engine. Says whether all are gone; one that is in use, or whose engine does not
/// answer, is for later. Harmless twice.
pub async fn erase_data(app: &App, scope: &SystemScope, tenant: TenantId) -> Result<bool, Error> {
    let all = store::volume_repositories(&mut scope.begin().await?, tenant).await?;
    for (repository, target) in all {
        // Nobody works in it then, nor begins to before it is gone.
        let Some(held) = hold(app, repository).await? else {
            return Ok(false);
        };
        let is_gone = remove(app, tenant, target).await;
        held.release(app).await?;
        if !is_gone? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn remove(app: &App, tenant: TenantId, target: BackupTargetId) -> Result<bool, Error> {
    let Address::Volume(key) = target::address(&app.keyring, (target, None), tenant)? else {
        return Ok(true);
    };
    match app.engine.remove_volume(&key).await {
        Ok(_) => Ok(true),
        Err(error @ (EngineError::InUse { .. } | EngineError::Unavailable(_) | EngineError::Timeout(_))) => {
            tracing::info!(
                error = &error as &dyn std::error::Error,
                %tenant,
                "a repository of backups is erased later"
            );
            Ok(false)
        }
        Err(error) => Err(Error::internal(error)),
    }
}
