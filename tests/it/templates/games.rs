//! Games, asked in their own protocols.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::{HOST, Scene, says};

const PATIENCE: Duration = Duration::from_secs(3);

/// The answer to a datagram, empty if none comes.
async fn ask(port: u16, question: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect((HOST, port)).await.unwrap();
    let mut answer = [0; 1500];
    let asked = async {
        socket.send(question).await?;
        socket.recv(&mut answer).await
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(length)) => answer[..length].to_vec(),
        _ => Vec::new(),
    }
}

/// Luanti's protocol, of nobody's number, on channel 0, with an empty message: a player who comes.
const HELLO: [u8; 8] = [0x4f, 0x45, 0x74, 0x03, 0, 0, 0, 1];
/// From the server (1) on channel 0, reliably (3).
const WELCOME: [u8; 8] = [0x4f, 0x45, 0x74, 0x03, 0, 1, 0, 3];

#[tokio::test]
async fn luanti_greets_and_keeps_its_world() {
    let scene = Scene::begin(&["luanti"]).await;
    let server = scene
        .order("luanti", "world", json!({ "SERVER_NAME": "Ann's world" }))
        .await;
    let answer = ask(server.port("game"), &HELLO).await;
    assert!(answer.starts_with(&WELCOME), "{answer:02x?}");
    // After the count: control (0), "your number is" (1), and the number.
    assert_eq!(answer[10..12], [0, 1], "{answer:02x?}");
    let seed = server.inside("grep ^seed /srv/luanti/world/map_meta.txt").await;
    server.restart().await;
    says("greeted", async || {
        let greeted = ask(server.port("game"), &HELLO).await.starts_with(&WELCOME);
        (greeted, "greeted".to_owned())
    })
    .await;
    assert_eq!(
        server.inside("grep ^seed /srv/luanti/world/map_meta.txt").await,
        seed
    );
}

/// The question of `OpenTTD` for a server in a local network, and the kind of its answer.
const FIND: [u8; 3] = [3, 0, 0];
const FOUND: u8 = 1;
/// The question about the game, on the port that players join at, and the kind of its answer.
const GAME_INFO: [u8; 3] = [3, 0, 7];
const INFO: u8 = 6;

/// What the game says of itself.
async fn game_info(port: u16) -> std::io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect((HOST, port)).await?;
    connection.write_all(&GAME_INFO).await?;
    let length = connection.read_u16_le().await?;
    let mut answer = vec![0; usize::from(length).saturating_sub(2)];
    connection.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn openttd_tells_of_its_game_and_goes_on_with_it() {
    let scene = Scene::begin(&["openttd"]).await;
    let server = scene
        .order("openttd", "trains", json!({ "SERVER_NAME": "Ann's trains" }))
        .await;
    let answer = ask(server.port("query"), &FIND).await;
    assert_eq!(answer.get(2), Some(&FOUND), "{answer:02x?}");
    let info = game_info(server.port("game")).await.unwrap();
    let text = String::from_utf8_lossy(&info).into_owned();
    assert_eq!(info[0], INFO, "{text:?}");
    assert!(text.contains("Ann's trains") && text.contains("13.0"), "{text:?}");
    server.restart().await;
    says("Ann's trains", async || {
        let info = timeout(PATIENCE, game_info(server.port("game"))).await;
        let info = info.ok().and_then(Result::ok);
        (
            info.is_some(),
            String::from_utf8_lossy(&info.unwrap_or_default()).into_owned(),
        )
    })
    .await;
    let log = scene.api.get(&format!("{}/logs", server.path)).await.to_string();
    assert!(log.contains("save/autosave/exit.sav"), "{log}");
}
