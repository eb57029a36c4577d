//! A keystroke through the console and back, against the same through the engine's `exec` alone: the same program in the
//! same container, which sends back what it reads.

use std::pin::Pin;

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::create::{Bench, median, timed};
use crate::panel::catalogue;
use crate::table::Row;

/// Keystrokes each way, in turns. A terminal's line holds 4096.
const KEYS: usize = 2000;
/// Reads, and sends back, without a shell's own editing of lines.
const ECHO: &str = "exec cat\r";

struct Through {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

struct Bare {
    output: Pin<
        Box<
            dyn futures_util::Stream<Item = Result<bollard::container::LogOutput, bollard::errors::Error>>
                + Send,
        >,
    >,
    input: Pin<Box<dyn AsyncWrite + Send>>,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let bench = Bench::of(&app, "console").await;
    let (running, _) = bench.panel.serve().await;
    let server = bench.customer.create("echo").await;
    let (mut through, mut bare) = (bench.through(&server).await, bench.bare(&server).await);
    through.type_in(ECHO).await;
    through.until("cat").await;
    bare.type_in(ECHO).await;
    bare.until("cat").await;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..KEYS {
        ours.push(timed(through.key()).await);
        floor.push(timed(bare.key()).await);
    }
    running.kill().await;
    vec![Row::at_most(
        "console: a keystroke and its echo",
        (median(ours), median(floor)),
        "ms",
        2.0,
    )]
}

impl Bench {
    async fn through(&self, server: &str) -> Through {
        let url = format!("ws://{}/api/v1/servers/{server}/console", self.panel.address);
        let mut request = url.into_client_request().unwrap();
        let token = format!("Bearer {}", self.customer.token);
        request
            .headers_mut()
            .insert("authorization", token.parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Through { socket }
    }

    async fn bare(&self, server: &str) -> Bare {
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            cmd: Some(vec!["sh".to_owned()]),
            ..Default::default()
        };
        let container = format!("{}-{server}", self.panel.instance);
        let exec = self.docker.create_exec(&container, config).await.unwrap();
        let options = StartExecOptions {
            tty: true,
            ..StartExecOptions::default()
        };
        match self.docker.start_exec(&exec.id, Some(options)).await.unwrap() {
            StartExecResults::Attached { output, input } => Bare { output, input },
            StartExecResults::Detached => panic!("it is attached"),
        }
    }
}

impl Through {
    async fn type_in(&mut self, keys: &str) {
        let keys = Bytes::copy_from_slice(keys.as_bytes());
        self.socket.send(Message::Binary(keys)).await.unwrap();
    }

    async fn shown(&mut self) -> Bytes {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Binary(shown) => return shown,
                Message::Close(_) => panic!("it was closed"),
                _ => {}
            }
        }
    }

    async fn until(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            seen.push_str(&String::from_utf8_lossy(&self.shown().await));
        }
    }

    async fn key(&mut self) {
        self.type_in("x").await;
        while !self.shown().await.contains(&b'x') {}
    }
}

impl Bare {
    async fn type_in(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    async fn shown(&mut self) -> Bytes {
        self.output.next().await.unwrap().unwrap().into_bytes()
    }

    async fn until(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            seen.push_str(&String::from_utf8_lossy(&self.shown().await));
        }
    }

    async fn key(&mut self) {
        self.type_in("x").await;
        while !self.shown().await.contains(&b'x') {}
    }
}
