//! Repositories on the engine whose tenant is gone: their volumes go too. Elsewhere nothing can be read any more, since the key
//! went with the row.

use crate::app::App;
use crate::drivers::engine::EngineError;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::{store, target};

/// Removes them. One that is still used, or an engine that does not answer, waits for the next time.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut count = 0;
    let left = store::leftovers(&mut scope.begin().await?).await?;
    for one in left {
        let key = target::volume(one.target, one.tenant)?;
        match app.engine.remove_volume(&key).await {
            Ok(_) | Err(EngineError::NotFound(_) | EngineError::VolumeMissing { .. }) => {}
            Err(error) => {
                tracing::warn!(
                    volume = key.as_str(),
                    error = &error as &dyn std::error::Error,
                    "a repository is left"
                );
                continue;
            }
        }
        let mut tx = scope.begin().await?;
        store::forget_leftover(&mut tx, one.id).await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(count)
}
