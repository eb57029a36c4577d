//! Engines of kinds that there are not yet: a stub that speaks words which no version of Berth knows.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
};

use berth::drivers::engine::{
    Engine, EngineError, Installation, InstallationKey, InstanceKey, ObservedState,
    docker::{DockerEngine, Endpoint},
};

use super::world::server;

/// An engine that says what a test tells it to, one connection at a time.
struct Stub {
    socket: std::path::PathBuf,
}

impl Stub {
    fn new(name: &str, answer: fn(&str) -> &'static str) -> Self {
        let socket = std::env::temp_dir().join(format!("berth-stub-{name}-{}.sock", std::process::id()));
        drop(std::fs::remove_file(&socket));
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            listener
                .incoming()
                .flatten()
                .for_each(|client| serve(client, answer));
        });
        Self { socket }
    }

    fn engine(&self) -> DockerEngine {
        DockerEngine::new(
            Endpoint::Unix(self.socket.clone()),
            InstanceKey::new("berth").unwrap(),
            Installation::known(InstallationKey::new("ins_1").unwrap()),
        )
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.socket));
    }
}

fn serve(mut client: UnixStream, answer: fn(&str) -> &'static str) {
    let mut request = [0; 4096];
    let length = client.read(&mut request).unwrap_or(0);
    let text = String::from_utf8_lossy(&request[..length]);
    let path = text.split(' ').nth(1).unwrap_or_default();
    let body = answer(path.split('?').next().unwrap_or_default());
    let status = if body.is_empty() {
        "404 Not Found"
    } else {
        "200 OK"
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    drop(write!(
        client,
        "{head}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
}

#[tokio::test]
async fn words_that_nobody_knows_yet_hide_nothing() {
    let stub = Stub::new("words", |path| match path {
        "/version" => r#"{"Version": "99.0", "ApiVersion": "1.99"}"#,
        "/info" => {
            r#"{"ServerVersion": "99.0", "NCPU": 4, "MemTotal": 1024, "CgroupVersion": "3", "Isolation": "odd"}"#
        }
        "/containers/json" => {
            r#"[{"Id": "1", "Names": ["/berth-srv_a"], "State": "levitating", "Labels":
                {"berth.instance": "berth", "berth.server": "srv_a"}},
                {"Id": "2", "Names": ["/berth-srv_b"], "State": "running", "Labels":
                {"berth.instance": "berth", "berth.server": "srv_b", "berth.spec": "0f"}}]"#
        }
        "/containers/1/json" => {
            r#"{"Id": "1", "State": {"Status": "levitating", "Health": {"Status": "sleepy"}},
                "HostConfig": {"RestartPolicy": {"Name": "sometimes"}}}"#
        }
        "/containers/2/json" => "not JSON at all",
        _ => "",
    });
    let engine = stub.engine();
    let info = engine.info().await.unwrap();
    assert_eq!(
        (info.cgroup_version.as_str(), info.api_version.as_str()),
        ("3", "1.99")
    );
    let mut all = engine.observe_all().await.unwrap();
    all.sort_by(|one, other| one.server.cmp(&other.server));
    let states: Vec<_> = all.iter().map(|seen| seen.state.clone()).collect();
    let unknown = |word: &str| ObservedState::Unknown(word.to_owned());
    assert_eq!(states, [unknown("levitating"), unknown("running")]);
    assert_eq!(all[1].spec_hash.as_deref(), Some("0f"));
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_an_error_without_its_text() {
    let stub = Stub::new("nonsense", |path| match path {
        "/version" => r#"{"ApiVersion": "1.41"}"#,
        _ => r#"{"Config": "SECRET=hunter2"}"#,
    });
    let error = stub.engine().observe(&server("a")).await.unwrap_err();
    assert!(matches!(error, EngineError::Failed { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
