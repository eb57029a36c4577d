//! Which installation a database belongs to: a random id, made once and kept with the data. A restored backup is the same
//! installation as before.

use crate::platform::error::Error;
use crate::platform::ids::InstallationId;

use super::{Scoped as _, SystemTx};

const KEY: &str = "installation";

/// The database's installation; `new` if it had none yet. Of two that ask at once both get the same.
pub async fn installation(tx: &mut SystemTx, new: InstallationId) -> Result<InstallationId, Error> {
    sqlx::query!(
        "insert into instance_setting (key, value) values ($1, $2) on conflict (key) do nothing",
        KEY,
        new.to_string()
    )
    .execute(tx.conn())
    .await?;
    let found = sqlx::query_scalar!("select value from instance_setting where key = $1", KEY)
        .fetch_one(tx.conn())
        .await?;
    found
        .parse()
        .map_err(|error| Error::internal(format!("the installation's id can't be read: {error}")))
}
