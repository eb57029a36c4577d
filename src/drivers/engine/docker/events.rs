//! What happens to our containers.

use std::collections::HashMap;

use bollard::{errors::Error, query_parameters::EventsOptionsBuilder};
use chrono::DateTime;
use futures_util::StreamExt;

use super::super::{
    EngineEvent, EngineResult, EngineStream, EventKind, Owner, ServerKey, Subject, spec::label,
};
use super::{connection::Connection, containers::health, guard, raw};

/// Every health check probe makes three more, which say nothing.
const ACTIONS: [&str; 8] = [
    "create",
    "start",
    "die",
    "oom",
    "health_status",
    "pause",
    "unpause",
    "destroy",
];

impl Connection {
    pub(super) async fn events(&self) -> EngineResult<EngineStream<EngineEvent>> {
        // The request goes out when the stream is first read. Asking for everything since now, by the engine's own
        // clock, leaves no gap between this call and then.
        let now = self.raw_info().await?.system_time;
        let mut filters: HashMap<String, Vec<String>> = self.mine();
        filters.insert("type".to_owned(), vec!["container".to_owned()]);
        filters.insert("event".to_owned(), ACTIONS.map(str::to_owned).into());
        let mut options = EventsOptionsBuilder::default().filters(&filters);
        if let Some(now) = raw::moment(&now) {
            options = options.since(&format!(
                "{}.{:09}",
                now.timestamp(),
                now.timestamp_subsec_nanos()
            ));
        }
        let (connection, owner) = (self.clone(), self.owner()?);
        let events = self
            .docker
            .events(Some(options.build()))
            .filter_map(move |answer| {
                let event = match answer {
                    // An event that bollard does not understand goes through the lenient reader like any other.
                    Ok(_) | Err(Error::JsonDataError { .. }) => event(raw::read(answer), &owner),
                    Err(failure) => Some(Err(connection.failure(failure))),
                };
                std::future::ready(event)
            });
        Ok(events.boxed())
    }
}

/// An event about a container of this owner's, or about the instance's guard.
fn event(answer: Result<raw::Event, Error>, owner: &Owner) -> Option<EngineResult<EngineEvent>> {
    let raw::Event {
        action,
        actor,
        time_nano,
    } = answer.ok()?;
    let about = subject(&actor.attributes, owner)?;
    let kind = kind(&action, &actor.attributes)?;
    Some(Ok(EngineEvent {
        about,
        at: Some(DateTime::from_timestamp_nanos(time_nano)),
        kind,
    }))
}

/// Whose container has these labels, if it has the name that we give.
fn subject(attributes: &raw::Labels, owner: &Owner) -> Option<Subject> {
    let is_named = |name: &str| attributes.get("name").is_some_and(|found| found == name);
    if attributes.contains_key(label::GUARD) {
        return is_named(&owner.name(guard::KEY)).then_some(Subject::Guard);
    }
    let server = ServerKey::new(attributes.get(label::SERVER)?.as_str()).ok()?;
    let name = owner.name(server.as_str());
    owner.demand(&name, attributes).ok()?;
    is_named(&name).then_some(Subject::Server(server))
}

fn kind(action: &str, attributes: &raw::Labels) -> Option<EventKind> {
    let exit_code = || {
        attributes
            .get("exitCode")
            .and_then(|code| code.parse().ok())
            .unwrap_or(-1)
    };
    match action.split_once(": ").unwrap_or((action, "")) {
        ("create", _) => Some(EventKind::Created),
        ("start", _) => Some(EventKind::Started),
        ("die", _) => Some(EventKind::Died {
            exit_code: exit_code(),
        }),
        ("oom", _) => Some(EventKind::Oom),
        ("health_status", status) => Some(EventKind::Health(health(status))),
        ("pause", _) => Some(EventKind::Paused),
        ("unpause", _) => Some(EventKind::Unpaused),
        ("destroy", _) => Some(EventKind::Destroyed),
        _ => None,
    }
}
