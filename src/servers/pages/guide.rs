//! What a template tells its customers to do, with the server's own addresses and answers.

use crate::app::App;
use crate::catalogue::{GuidePart, Placeholder};

use super::super::model::{Location, PublishedPort, Server, StoredVariable};

/// One step.
#[derive(Debug)]
pub(super) struct GuideLine {
    pub(super) text: String,
    pub(super) command: Option<String>,
}

/// The steps that mean something for this server.
pub(super) fn guide(
    app: &App,
    server: &Server,
    location: &Location,
    ports: &[PublishedPort],
    variables: &[StoredVariable],
) -> Vec<GuideLine> {
    let host = &location.public_host;
    let port = |name: &str| ports.iter().find(|port| port.name == name);
    let value = |asked: &Placeholder| match asked {
        Placeholder::Host => Some(host.clone()),
        Placeholder::Port(name) => port(name).map(|port| port.host_port.to_string()),
        Placeholder::Url(name) => port(name).and_then(|port| port.url(host)),
        Placeholder::Variable(key) => variables
            .iter()
            .find(|one| one.key == *key)
            .and_then(|one| one.value.clone()),
    };
    let Some(folder) = app.catalogue.offer(&server.template) else {
        return Vec::new();
    };
    let line = |step: &crate::catalogue::GuideStep| GuideLine {
        text: GuidePart::render(&step.text, value),
        command: step.command.as_ref().map(|parts| GuidePart::render(parts, value)),
    };
    // A part of a stack that is not reached from outside has nothing to say about its addresses there.
    let is_meant = |parts: &[GuidePart]| {
        parts.iter().all(|part| match part {
            GuidePart::Value(Placeholder::Port(name) | Placeholder::Url(name)) => port(name).is_some(),
            GuidePart::Value(Placeholder::Host) => !ports.is_empty(),
            _ => true,
        })
    };
    let guide = folder.template.guide.iter();
    guide
        .filter(|step| is_meant(&step.text) && step.command.as_deref().is_none_or(is_meant))
        .map(line)
        .collect()
}
