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
    Kind, Order, Pool, PoolError, PoolResult, SnapshotName, TenantName, Volume, VolumeName, parse_size,
    show_size, soft,
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

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) tenant: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    pub(super) name: String,
}

pub(super) const SNAPSHOTS: &str = "/Berth.Snapshots";
pub(super) const GIVE: &str = "/Berth.Give";
pub(super) const RESTORE: &str = "/Berth.Restore";
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
        SNAPSHOT => snapshot(driver, body, Pool::snapshot),
        REMOVE_SNAPSHOT => snapshot(driver, body, Pool::remove_snapshot),
        SNAPSHOTS => parse::<Asked>(body)
            .and_then(|asked| driver.pool()?.snapshots(&VolumeName::parse(&asked.name)?))
            .and_then(|all| answered("Snapshots", &all)),
        RESTORE => snapshot(driver, body, Pool::restore),
        GIVE => parse::<Given>(body).and_then(|asked| {
            driver.pool()?.give(
                &VolumeName::parse(&asked.name)?,
                &TenantName::parse(&asked.tenant)?,
            )?;
            Ok(done())
        }),
        LIMIT_TENANT => parse::<TenantLimited>(body).and_then(|asked| {
            driver
                .pool()?
                .limit_tenant(&TenantName::parse(&asked.tenant)?, asked.limit)?;
            Ok(done())
        }),
        _ => return None,
    })
}

type OfSnapshot = fn(&Pool, &VolumeName, &SnapshotName) -> PoolResult<()>;

fn snapshot(driver: &Driver, body: &[u8], act: OfSnapshot) -> PoolResult<Value> {
    let asked: Snapshotted = parse(body)?;
    let name = VolumeName::parse(&asked.name)?;
    let snapshot = SnapshotName::parse(&asked.snapshot)?;
    act(&*driver.pool()?, &name, &snapshot)?;
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
    match wanted(asked.opts.unwrap_or_default())? {
        Wanted::Volume(order) => driver.pool()?.create(&name, &order)?,
        Wanted::View { of, snapshot } => driver.pool()?.create_view(&name, &of, &snapshot)?,
    }
    Ok(done())
}

/// What is asked for by the options of `docker volume create -o …`.
#[derive(Debug)]
enum Wanted {
    Volume(Order),
    View { of: VolumeName, snapshot: SnapshotName },
}

fn wanted(options: HashMap<String, String>) -> PoolResult<Wanted> {
    let (mut size, mut tenant, mut of, mut snapshot) = (None, None, None, None);
    for (name, value) in options {
        match name.as_str() {
            "size" => size = Some(parse_size(&value)?),
            "tenant" => tenant = Some(TenantName::parse(&value)?),
            "of" => of = Some(VolumeName::parse(&value)?),
            "snapshot" => snapshot = Some(SnapshotName::parse(&value)?),
            _ => {
                let shown: String = name.chars().take(40).flat_map(char::escape_default).collect();
                return Err(PoolError::Invalid(format!(
                    "there is no option “{shown}”: use size and tenant, or of and snapshot"
                )));
            }
        }
    }
    match (size, of, snapshot) {
        (Some(size), None, None) => Ok(Wanted::Volume(Order { tenant, size })),
        (None, Some(of), Some(snapshot)) => Ok(Wanted::View { of, snapshot }),
        (_, Some(_), _) | (_, _, Some(_)) => Err(PoolError::Invalid(
            "a view of a snapshot has the options of and snapshot, and no size".to_owned(),
        )),
        (None, None, None) => Err(PoolError::Invalid(
            "say how large the volume may get, such as -o size=10GiB".to_owned(),
        )),
    }
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
        match wanted(options.collect()) {
            Ok(Wanted::Volume(order)) => Ok(order),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
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
        assert!(
            told(&[("size", "1GiB"), ("of", "x")])
                .unwrap_err()
                .contains("no size")
        );
        assert!(told(&[("of", "x")]).is_err());
        assert!(told(&[("of", "../x"), ("snapshot", "y")]).is_err());
        assert!(
            told(&[("of", "x"), ("snapshot", "y")])
                .unwrap_err()
                .starts_with("View")
        );
    }
}
