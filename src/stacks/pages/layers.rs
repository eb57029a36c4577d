//! The layers of a stack: its parts with their servers, and where each is reached.

use crate::app::App;
use crate::catalogue::BlueprintPart;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::servers;
use crate::servers::model::{PublishedPort, Server, Status};

use super::super::model::inside_name;
use super::super::query::Whole;

/// A server of a layer.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) status: Status,
}

/// A layer with its servers.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) purpose: String,
    pub(super) inside: String,
    pub(super) lines: Vec<Line>,
    /// Where the world reaches it: an address that a browser opens, or one to copy.
    pub(super) addresses: Vec<(Option<String>, String)>,
}

fn part_of<'a>(app: &'a App, one: &Whole, key: &str) -> Option<&'a BlueprintPart> {
    app.catalogue.blueprint(&one.stack.blueprint)?.part(key)
}

impl Layer {
    pub(super) async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        (one, key): (&Whole, &str),
    ) -> Result<Self, Error> {
        let part = part_of(app, one, key);
        let line = |server: &Server| Line {
            href: format!("/t/{}/servers/{}", scope.member.slug, server.id),
            name: server.name.clone(),
            status: server.status(app.now()),
        };
        let mut addresses = Vec::new();
        for server in one.of_part(key) {
            let (location, ports) = servers::reached_at(tx, server).await?;
            addresses.extend(ports.iter().map(|port| address(port, &location.public_host)));
        }
        Ok(Self {
            title: part.map_or_else(|| key.to_owned(), |part| part.title.clone()),
            purpose: part.map(|part| part.purpose.clone()).unwrap_or_default(),
            inside: inside_name(&one.stack.host_label, key),
            lines: one.of_part(key).map(line).collect(),
            key: key.to_owned(),
            addresses,
        })
    }
}

fn address(port: &PublishedPort, host: &str) -> (Option<String>, String) {
    let url = port.url(host).filter(|_| port.is_web());
    (url, port.authority(host))
}
