//! A WebSocket client, as a browser or a program is one.

use std::net::SocketAddr;
use std::time::Duration;

use berth::testing::Client;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_mins(1);

/// An open console.
pub(super) struct Console {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// All that the terminal showed so far.
    pub(super) screen: String,
    /// The events that nobody has asked for yet, oldest first.
    events: Vec<Value>,
    /// The close code, when it is closed.
    pub(super) code: Option<u16>,
}

/// Opens an address with more headers; the status if the panel refuses.
pub(super) async fn open(
    address: SocketAddr,
    path: &str,
    headers: &[(&'static str, String)],
) -> Result<Console, u16> {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(Console {
            socket,
            screen: String::new(),
            events: Vec::new(),
            code: None,
        }),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{path}: {error}"),
    }
}

/// What a program with a token sends.
pub(super) fn token(program: &Client) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {}", program.bearer()))]
}

/// What a browser sends for a page of the panel's own.
pub(super) fn cookie(browser: &Client, address: SocketAddr) -> Vec<(&'static str, String)> {
    vec![
        ("cookie", browser.cookies()),
        ("origin", format!("http://{address}")),
    ]
}

impl Console {
    /// Types.
    pub(super) async fn keys(&mut self, text: &str) {
        let keys = Message::Binary(Bytes::copy_from_slice(text.as_bytes()));
        self.socket.send(keys).await.unwrap();
    }

    /// Asks for something.
    pub(super) async fn order(&mut self, order: &Value) {
        self.text(&order.to_string()).await;
    }

    /// Sends any text.
    pub(super) async fn text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(super) async fn resize(&mut self, columns: u16, rows: u16) {
        self.order(&json!({ "type": "resize", "columns": columns, "rows": rows }))
            .await;
    }

    /// Hears one message more. `false` when it is over.
    async fn hear(&mut self) -> bool {
        match self.socket.next().await {
            Some(Ok(Message::Binary(piece))) => self.screen.push_str(&String::from_utf8_lossy(&piece)),
            Some(Ok(Message::Text(text))) => self.events.push(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => {
                self.code = frame.map(|frame| u16::from(frame.code));
                return false;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return false,
        }
        true
    }

    async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let hearing = async {
            while !so(self) {
                assert!(self.hear().await, "it closed before {what}: {self:?}");
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, hearing).await;
        assert!(in_time.is_ok(), "not in time: {what}: {self:?}");
    }

    /// Waits until the terminal has shown a text.
    pub(super) async fn shows(&mut self, text: &str) {
        self.until(text, |console| console.screen.contains(text)).await;
    }

    /// Waits until the terminal has shown a text so often.
    pub(super) async fn shows_times(&mut self, text: &str, times: usize) {
        self.until(text, |console| console.screen.matches(text).count() >= times)
            .await;
    }

    /// The next event that is so; what comes before it is forgotten.
    pub(super) async fn event(&mut self, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        let position = |console: &Self| console.events.iter().position(&so);
        self.until(what, |console| position(console).is_some()).await;
        let at = position(self).unwrap();
        self.events.drain(..=at).next_back().unwrap()
    }

    pub(super) async fn state(&mut self, word: &str) -> Value {
        self.event(word, |event| event["type"] == "state" && event["state"] == word)
            .await
    }

    /// Hears everything to the end; the reason that is told.
    pub(super) async fn ends(&mut self) -> String {
        let end = self.event("its end", |event| event["type"] == "end").await;
        let closed = async { while self.hear().await {} };
        tokio::time::timeout(PATIENCE, closed).await.expect("it closes");
        end["reason"].as_str().unwrap().to_owned()
    }

    /// Goes, as a closed tab does.
    pub(super) async fn leave(mut self) {
        self.socket.close(None).await.unwrap();
        while self.hear().await {}
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("screen", &self.screen)
            .field("events", &self.events)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
