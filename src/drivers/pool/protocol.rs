//! What is asked on the socket and what is answered: the engine's volume plugin protocol, as it is documented, and Berth's
//! own calls (`/Berth.…`), which the engine does not know.
//!
//! Every answer is status 200 with an `Err`, empty if all went well: that is how the engine shows the sentence and nothing
//! around it. Berth's own calls add a `Code`.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::serve::Driver;
use super::{
    Kind, Order, PoolError, PoolResult, SnapshotName, TenantName, Volume, VolumeName, parse_size, show_size,
    soft,
};

/// What the engine sends about a volume. It sends more (`ID`), and will.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: String,
    #[serde(default)]
    opts: Option<HashMap<String, String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UsageAsked {
    #[serde(default)]
    pub(super) fresh: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resized {
    pub(super) name: String,
    pub(super) size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Snapshotted {
    pub(super) name: String,
    pub(super) snapshot: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TenantLimited {
    pub(super) tenant: String,
    pub(super) limit: Option<u64>,
}

pub(super) const USAGE: &str = "/Berth.Usage";
pub(super) const STATUS: &str = "/Berth.Status";
pub(super) const RESIZE: &str = "/Berth.Resize";
pub(super) const SNAPSHOT: &str = "/Berth.Snapshot";
pub(super) const REMOVE_SNAPSHOT: &str = "/Berth.RemoveSnapshot";
pub(super) const LIMIT_TENANT: &str = "/Berth.LimitTenant";

/// The answer to a call.
pub(super) fn answer(driver: &Driver, path: &str, body: &[u8]) -> Value {
    let outcome = engines(driver, path, body).or_else(|| own(driver, path, body));
    match outcome {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => refusal(&error),
        None => refusal(&PoolError::Invalid(format!(
            "this volume driver knows no call {path}"
        ))),
    }
}

/// What says why something was not done.
pub(super) fn refusal(error: &PoolError) -> Value {
    json!({ "Err": error.to_string(), "Code": error.code() })
}

fn done() -> Value {
    json!({ "Err": "" })
}

fn engines(driver: &Driver, path: &str, body: &[u8]) -> Option<PoolResult<Value>> {
    Some(match path {
        "/Plugin.Activate" => Ok(json!({ "Implements": ["VolumeDriver"] })),
        "/VolumeDriver.Capabilities" => Ok(json!({ "Capabilities": { "Scope": "local" } })),
        "/VolumeDriver.Create" => create(driver, body),
        "/VolumeDriver.Remove" => remove(driver, body),
        "/VolumeDriver.Path" | "/VolumeDriver.Mount" => place(driver, body),
        // The volume is a folder of a file system that stays mounted: there is nothing to undo.
        "/VolumeDriver.Unmount" => Ok(done()),
        "/VolumeDriver.Get" => get(driver, body),
        "/VolumeDriver.List" => list(driver),
        _ => return None,
    })
}

fn own(driver: &Driver, path: &str, body: &[u8]) -> Option<PoolResult<Value>> {
    Some(match path {
        USAGE => parse::<UsageAsked>(body)
            .and_then(|asked| driver.pool()?.usage(asked.fresh))
            .and_then(|usage| answered("Usage", &usage)),
        STATUS => driver.status().and_then(|status| answered("Status", &status)),
        RESIZE => parse::<Resized>(body).and_then(|asked| {
            driver
                .pool()?
                .resize(&VolumeName::parse(&asked.name)?, asked.size)?;
            Ok(done())
        }),
        SNAPSHOT => snapshot(driver, body, false),
        REMOVE_SNAPSHOT => snapshot(driver, body, true),
        LIMIT_TENANT => parse::<TenantLimited>(body).and_then(|asked| {
            driver
                .pool()?
                .limit_tenant(&TenantName::parse(&asked.tenant)?, asked.limit)?;
            Ok(done())
        }),
        _ => return None,
    })
}

fn snapshot(driver: &Driver, body: &[u8], is_removal: bool) -> PoolResult<Value> {
    let asked: Snapshotted = parse(body)?;
    let name = VolumeName::parse(&asked.name)?;
    let snapshot = SnapshotName::parse(&asked.snapshot)?;
    let pool = driver.pool()?;
    if is_removal {
        pool.remove_snapshot(&name, &snapshot)?;
    } else {
        pool.snapshot(&name, &snapshot)?;
    }
    Ok(done())
}

fn answered<T: Serialize>(name: &str, value: &T) -> PoolResult<Value> {
    let value = serde_json::to_value(value);
    let value = value.map_err(|error| PoolError::io("writing the answer")(error.into()))?;
    Ok(json!({ "Err": "", name: value }))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> PoolResult<T> {
    serde_json::from_slice(body)
        .map_err(|error| PoolError::Invalid(format!("the request can't be read: {error}")))
}

fn named(body: &[u8]) -> PoolResult<VolumeName> {
    VolumeName::parse(&parse::<Named>(body)?.name)
}

fn create(driver: &Driver, body: &[u8]) -> PoolResult<Value> {
    let asked: Named = parse(body)?;
    let name = VolumeName::parse(&asked.name)?;
    let order = order(asked.opts.unwrap_or_default())?;
    driver.pool()?.create(&name, &order)?;
    Ok(done())
}

/// The options of `docker volume create -o …`.
fn order(options: HashMap<String, String>) -> PoolResult<Order> {
    let (mut size, mut tenant) = (None, None);
    for (name, value) in options {
        match name.as_str() {
            "size" => size = Some(parse_size(&value)?),
            "tenant" => tenant = Some(TenantName::parse(&value)?),
            _ => {
                let shown: String = name.chars().take(40).flat_map(char::escape_default).collect();
                return Err(PoolError::Invalid(format!(
                    "there is no option “{shown}”: use size and tenant"
                )));
            }
        }
    }
    let size = size.ok_or_else(|| {
        PoolError::Invalid("say how large the volume may get, such as -o size=10GiB".to_owned())
    })?;
    Ok(Order { tenant, size })
}

fn remove(driver: &Driver, body: &[u8]) -> PoolResult<Value> {
    driver.pool()?.remove(&named(body)?)?;
    driver.free_soon();
    Ok(done())
}

fn place(driver: &Driver, body: &[u8]) -> PoolResult<Value> {
    let volume = driver.pool()?.volume(&named(body)?)?;
    Ok(json!({ "Mountpoint": volume.mountpoint, "Err": "" }))
}

fn get(driver: &Driver, body: &[u8]) -> PoolResult<Value> {
    let pool = driver.pool()?;
    let volume = pool.volume(&named(body)?)?;
    Ok(json!({ "Volume": shown(&volume, pool.kind()), "Err": "" }))
}

/// As `docker volume inspect` prints it.
fn shown(volume: &Volume, kind: Kind) -> Value {
    let quota = match kind {
        Kind::Enforced => soft::ENFORCED,
        Kind::Soft => soft::LABEL,
    };
    let mut answer = json!({
        "Name": volume.name,
        "Mountpoint": volume.mountpoint,
        "Status": {
            "size": show_size(volume.size),
            "size_bytes": volume.size,
            "used": show_size(volume.used),
            "used_bytes": volume.used,
            "tenant": volume.tenant,
            "snapshots": volume.snapshots,
            "quota": quota,
        },
    });
    if let Some(made) = volume.made {
        let made = DateTime::<Utc>::from(made).to_rfc3339_opts(SecondsFormat::Secs, true);
        answer["CreatedAt"] = json!(made);
    }
    answer
}

fn list(driver: &Driver) -> PoolResult<Value> {
    let all = driver.pool()?.volumes()?;
    let all = all
        .into_iter()
        .map(|(name, place)| json!({ "Name": name, "Mountpoint": place }));
    Ok(json!({ "Volumes": all.collect::<Vec<_>>(), "Err": "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(options: &[(&str, &str)]) -> Result<Order, String> {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        order(options.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn options_say_how_large_and_whose() {
        let good = told(&[("size", "1GiB"), ("tenant", "tnt_1")]).unwrap();
        assert_eq!(good.size, 1 << 30);
        assert_eq!(good.tenant.unwrap().as_str(), "tnt_1");
        assert!(told(&[]).unwrap_err().contains("-o size=10GiB"));
        assert!(
            told(&[("size", "1GiB"), ("device", "/dev/sda")])
                .unwrap_err()
                .contains("device")
        );
        assert!(told(&[("size", "1GiB"), ("tenant", "../x")]).is_err());
    }
}
