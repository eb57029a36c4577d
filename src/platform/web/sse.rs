//! Live pages: server-sent events (HTML Standard, 9.2) with fragments of HTML that replace elements by id.
//!
//! A page opens one stream. Events of the hub that belong to its scope are turned into fragments by the feature; after a
//! lost connection the browser tells the last id it saw, and what came since is read from the outbox first.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events::{self, Event, Hub};

/// Below what proxies usually cut, 60 s.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Who was away longer loads the page anew.
const CATCH_UP: i64 = 500;

/// A stream's age at most. Access is asked for when a stream is opened, so who has lost it must be made to ask again; the
/// page connects anew by itself, and goes on after the last event that it saw.
pub const LIFETIME: Duration = Duration::from_mins(1);

/// What to send for an event: changes to elements of the page, named by id (`templates/components/live.html`). An element
/// that the page doesn't show is passed over. `html` is what an askama template made: escaped.
#[derive(Debug, Clone, Default)]
pub struct Fragment(String);

impl Fragment {
    /// Puts `html` in place of the element; focus and scroll are kept.
    #[must_use]
    pub fn replace(self, id: &str, html: &str) -> Self {
        self.partial(id, "outerMorph", html)
    }

    /// Removes the element.
    #[must_use]
    pub fn remove(self, id: &str) -> Self {
        self.partial(id, "delete", "")
    }

    /// Adds `html` as the element's first child.
    #[must_use]
    pub fn prepend(self, id: &str, html: &str) -> Self {
        self.partial(id, "afterbegin", html)
    }

    /// Adds `html` as the element's last child.
    #[must_use]
    pub fn append(self, id: &str, html: &str) -> Self {
        self.partial(id, "beforeend", html)
    }

    /// The partials, for a stream that is not made of the hub's events.
    pub fn html(self) -> String {
        self.0
    }

    fn partial(mut self, id: &str, swap: &str, html: &str) -> Self {
        let parts = [
            "<hx-partial hx-target=\"#",
            id,
            "\" hx-swap=\"",
            swap,
            "\">",
            html,
            "</hx-partial>",
        ];
        self.0.extend(parts);
        self
    }
}

/// The id of the last event that the page saw: the header that an `EventSource` sends when it connects again by itself,
/// or `?after=`, which our pages use from the first connection on (`static/js/live.js`).
#[derive(Debug, Clone, Copy)]
pub struct LastSeen(Option<i64>);

impl LastSeen {
    fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let query = || {
            uri.query()?
                .split('&')
                .find_map(|pair| pair.strip_prefix("after="))
        };
        Self(header.or_else(query).and_then(|id| id.parse().ok()))
    }
}

impl<S: Sync> FromRequestParts<S> for LastSeen {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

/// Opens a page's stream: what its scope missed since `seen`, read in the transaction that `begin` opens, and then what
/// `hub` hears until `end`. `draw` re-reads what an event is about and draws it, or says that it does not concern this page.
pub async fn live<T, D, F>(
    hub: &Hub,
    end: impl Future<Output = ()> + Send + 'static,
    seen: LastSeen,
    begin: impl Future<Output = Result<T, Error>> + Send,
    draw: D,
) -> Result<Response, Error>
where
    T: Scoped + Send,
    D: Fn(Event) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Option<Fragment>, Error>> + Send + 'static,
{
    // Listening begins before the missed events are read, or what happens in between would be in neither.
    let heard = hub.subscribe();
    let missed = match seen.0 {
        Some(after) => newest(events::missed(&mut begin.await?, after, CATCH_UP).await?),
        None => Vec::new(),
    };
    Ok(fragments(heard, missed, end, draw).into_response())
}

/// A fragment shows a thing as it is now, so only the last event about each is told.
fn newest(mut events: Vec<Event>) -> Vec<Event> {
    let mut seen = HashSet::new();
    events.reverse();
    events.retain(|event| seen.insert((event.topic.clone(), event.target_id)));
    events.reverse();
    events
}

/// Streams fragments: first for what was `missed` since the browser's last event, even if the `end` has come by then, since the
/// next stream begins after the last event that this one told; then what is heard `live`. A page that falls behind is told to
/// reload.
fn fragments<D, F>(
    mut live: Receiver<Event>,
    missed: Vec<Event>,
    end: impl Future<Output = ()> + Send + 'static,
    draw: D,
) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>>>
where
    D: Fn(Event) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Option<Fragment>, Error>> + Send + 'static,
{
    let mut told: HashSet<i64> = missed.iter().map(|event| event.id).collect();
    let stream = async_stream::stream! {
        // Tells the browser that it is connected, and how soon to come back: at once for a restart of the panel.
        yield Ok(SseEvent::default().retry(Duration::from_secs(1)).comment("connected"));
        for event in missed {
            if let Some(sse) = drawn(event, &draw).await { yield Ok(sse); }
        }
        tokio::pin!(end);
        loop {
            let heard = tokio::select! {
                () = &mut end => break,
                heard = live.recv() => heard,
            };
            match heard {
                Ok(event) if told.remove(&event.id) => {}
                Ok(event) => if let Some(sse) = drawn(event, &draw).await { yield Ok(sse); },
                Err(RecvError::Lagged(_)) => yield Ok(SseEvent::default().event("reload").data("behind")),
                Err(RecvError::Closed) => break,
            }
        }
    };
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

async fn drawn<D, F>(event: Event, draw: &D) -> Option<SseEvent>
where
    D: Fn(Event) -> F,
    F: Future<Output = Result<Option<Fragment>, Error>>,
{
    let id = event.id;
    match draw(event).await {
        Ok(fragment) => fragment.map(|Fragment(html)| SseEvent::default().id(id.to_string()).data(html)),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a live fragment could not be drawn"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn a_fragment_names_what_it_changes() {
        let fragment = Fragment::default().replace("srv_1", "<tr></tr>").remove("srv_2");
        assert_eq!(
            fragment.0,
            r##"<hx-partial hx-target="#srv_1" hx-swap="outerMorph"><tr></tr></hx-partial><hx-partial hx-target="#srv_2" hx-swap="delete"></hx-partial>"##
        );
    }

    fn event(id: i64) -> Event {
        Event {
            id,
            tenant_id: None,
            topic: "server".to_owned(),
            target_id: None,
        }
    }

    async fn told(
        live: Receiver<Event>,
        missed: Vec<Event>,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> Vec<String> {
        let draw = async |event: Event| Ok(Some(Fragment(event.id.to_string())));
        let stream = fragments(live, missed, end, move |event| Box::pin(draw(event)));
        let body = stream.into_response().into_body().collect().await.unwrap();
        let text = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_stream_whose_end_has_come_still_tells_what_was_missed() {
        let hub = Hub::default();
        let ended = std::future::ready(());
        assert_eq!(
            told(hub.subscribe(), vec![event(5), event(6)], ended).await,
            ["5", "6"]
        );
    }

    #[tokio::test]
    async fn what_happens_while_the_missed_is_read_is_told_once() {
        let hub = Hub::default();
        let live = hub.subscribe();
        for id in [6, 7, 8] {
            hub.hand_out(event(id));
        }
        drop(hub);
        let missed = vec![event(5), event(6), event(7)];
        let told = told(live, missed, std::future::pending()).await;
        assert_eq!(told, ["5", "6", "7", "8"]);
    }

    #[test]
    fn the_last_event_is_in_the_header_or_in_the_address() {
        let mut headers = HeaderMap::new();
        let uri = Uri::from_static("/t/acme/live?x=1&after=41");
        assert_eq!(LastSeen::of(&uri, &headers).0, Some(41));
        assert_eq!(LastSeen::of(&Uri::from_static("/live"), &headers).0, None);
        headers.insert("last-event-id", "42".parse().unwrap());
        assert_eq!(LastSeen::of(&uri, &headers).0, Some(42));
    }

    #[test]
    fn only_the_last_event_about_a_thing_is_told() {
        let event = |id, topic: &str, target: u128| Event {
            id,
            tenant_id: None,
            topic: topic.to_owned(),
            target_id: Some(uuid::Uuid::from_u128(target)),
        };
        let all = vec![
            event(1, "server", 1),
            event(2, "server", 2),
            event(3, "server", 1),
            event(4, "member", 1),
        ];
        let told: Vec<_> = newest(all).iter().map(|event| event.id).collect();
        assert_eq!(told, [2, 3, 4]);
    }
}
