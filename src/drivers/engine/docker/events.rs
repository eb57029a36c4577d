//! What happens to our containers.

use std::collections::HashMap;

use bollard::{errors::Error, query_parameters::EventsOptionsBuilder};
use chrono::DateTime;
use futures_util::StreamExt;

use super::super::{EngineEvent, EngineResult, EngineStream, EventKind, ServerKey, Subject, spec::label};
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
        let connection = self.clone();
        let events = self
            .docker
            .events(Some(options.build()))
            .filter_map(move |answer| {
                let event = match answer {
                    // An event that bollard does not understand goes through the lenient reader like any other.
                    Ok(_) | Err(Error::JsonDataError { .. }) => connection.event(raw::read(answer)),
                    Err(failure) => Some(Err(connection.failure(failure))),
                };
                std::future::ready(event)
            });
        Ok(events.boxed())
    }

    fn event(&self, answer: Result<raw::Event, Error>) -> Option<EngineResult<EngineEvent>> {
        let raw::Event {
            action,
            actor,
            time_nano,
        } = answer.ok()?;
        let about = self.subject(&actor.attributes)?;
        let kind = kind(&action, &actor.attributes)?;
        Some(Ok(EngineEvent {
            about,
            at: Some(DateTime::from_timestamp_nanos(time_nano)),
            kind,
        }))
    }

    /// Whose container has these labels, if it has the name that we give.
    fn subject(&self, attributes: &raw::Labels) -> Option<Subject> {
        let is_named = |key: &str| {
            attributes
                .get("name")
                .is_some_and(|name| *name == self.instance.name(key))
        };
        if attributes.contains_key(label::GUARD) {
            return is_named(guard::KEY).then_some(Subject::Guard);
        }
        let server = ServerKey::new(attributes.get(label::SERVER)?.as_str()).ok()?;
        is_named(server.as_str()).then_some(Subject::Server(server))
    }
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
