//! Servers: what each is, what it used, and what is in its volumes.

use serde_json::{Value, json};

use crate::files::WholeVolumes;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::servers::{self, model};
use crate::shares;
use crate::usage;

use super::super::model::Names;
use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::super::store;
use super::put_volumes;

/// What stands for a volume that cannot be had.
const LOST: &[u8] =
    b"The container engine does not have this server's volumes any more. Ask the provider for a backup.\n";

pub(super) async fn write(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    each(source, outer, false).await
}

pub(super) async fn write_deleted(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    each(source, outer, true).await
}

async fn each(source: &Source, outer: &mut Outer, deleted: bool) -> Result<(), Stop> {
    let all = store::servers(&mut source.begin().await?, source.tenant).await?;
    let mut names = Names::default();
    for id in all {
        let found = servers::find(&mut source.begin().await?, id).await;
        let server = match found {
            Ok(server) => server,
            // It went while the archive was made.
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        if server.is_deleted() != deleted {
            continue;
        }
        let top = if deleted { "deleted-servers" } else { "servers" };
        let folder = format!("{top}/{}", names.give(&server.name, &id.to_string()));
        one(source, outer, &server, &folder).await?;
    }
    Ok(())
}

async fn one(source: &Source, outer: &mut Outer, server: &model::Server, folder: &str) -> Result<(), Stop> {
    let mut tx = source.begin().await?;
    let about = about(source, &mut tx, server).await?;
    let used = usage::hourly(&mut tx, server.id, source.now).await?;
    let volumes = WholeVolumes::of(&source.app, &mut tx, server).await?;
    drop(tx);
    outer.json(&format!("{folder}/server.json"), &about).await?;
    outer.file(&format!("{folder}/usage.csv"), &used).await?;
    share_uses(source, outer, (server.id, folder)).await?;
    put_volumes(outer, (&volumes, &format!("{folder}/volumes")), LOST).await
}

/// Who used what in its shares, a page a file.
async fn share_uses(
    source: &Source,
    outer: &mut Outer,
    (server, folder): (ServerId, &str),
) -> Result<(), Stop> {
    let (mut number, mut after) = (0, None);
    loop {
        let (uses, next) = shares::uses_page(&mut source.begin().await?, server, after).await?;
        if uses.is_empty() {
            return Ok(());
        }
        number += 1;
        outer
            .json(&format!("{folder}/share-uses/{number:05}.json"), &json!(uses))
            .await?;
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

async fn about(source: &Source, tx: &mut TenantTx, server: &model::Server) -> Result<Value, Error> {
    let (location, ports) = servers::reached_at(tx, server).await?;
    let ports = ports.into_iter().map(|port| {
        json!({ "name": port.name, "container_port": port.container_port, "host_port": port.host_port,
            "protocol": if port.is_udp { "udp" } else { "tcp" }, "scheme": port.scheme })
    });
    let stack = server
        .stack
        .as_ref()
        .map(|place| json!({ "id": place.stack.to_string(), "part": place.part, "replica": place.replica }));
    let resources = &server.resources;
    Ok(json!({
        "id": server.id.to_string(), "name": server.name, "host_name": server.host_name, "template": server.template,
        "image": server.image, "size": server.size,
        "resources": { "cpu_millis": resources.cpu_millis, "memory_mib": resources.memory_mib, "disk_mib": resources.disk_mib },
        "tags": server.tags, "power": server.power.word(), "address": location.public_host,
        "stack": stack, "uses_volumes_of": server.volumes_of.map(|id| id.to_string()),
        "created_by": server.created_by, "created_at": server.created_at, "updated_at": server.updated_at,
        "deleted_at": server.deletion.as_ref().map(|deletion| deletion.at),
        "note": servers::note(tx, server.id).await?,
        "ports": ports.collect::<Vec<_>>(),
        "variables": variables(source, tx, server.id).await?,
        "networks": store::server_networks(tx, server.id).await?,
        "schedules": store::schedules(tx, server.id).await?,
        "checks": store::checks(tx, server.id).await?,
        "snapshots": store::snapshots(tx, server.id).await?,
        "guests": store::guests(tx, server.id).await?,
        "shares": store::shares(tx, server.id).await?,
    }))
}

async fn variables(source: &Source, tx: &mut TenantTx, id: ServerId) -> Result<Vec<Value>, Error> {
    let all = servers::variables(tx, id).await?;
    let told = all.into_iter().map(|variable| {
        let is_secret = variable.sealed.is_some();
        let value = match variable.sealed {
            Some(sealed) if source.with_secrets => {
                let plain = source
                    .app
                    .keyring
                    .open(&model::seal_context(&variable.key, id), &sealed)?;
                Some(String::from_utf8_lossy(&plain).into_owned())
            }
            Some(_) => None,
            None => variable.value,
        };
        Ok(json!({ "key": variable.key, "value": value, "is_secret": is_secret }))
    });
    told.collect()
}
