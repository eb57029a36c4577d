//! Chat, with a client of Debian's: a message is sent, and read from the archive after a restart.

use serde_json::json;
use tokio::process::Command;

use super::{HOST, Scene, Server, outcome, says};

fn chat(server: &Server<'_>, password: &str, act: &[&str]) -> Command {
    let mut python = Command::new("/usr/bin/python3");
    python
        .env("CHAT_PASSWORD", password)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/templates/chat.py"))
        .args([HOST, &server.port("xmpp").to_string(), "ben@chat.example.org"])
        .args(act);
    python
}

#[tokio::test]
async fn chat_keeps_its_history() {
    let scene = Scene::begin(&["xmpp"]).await;
    let password = "a-long-word-of-bens";
    let answers = json!({ "XMPP_DOMAIN": "chat.example.org", "ACCOUNTS": format!("ben:{password}") });
    let server = scene.order("xmpp", "chat", answers).await;
    let (well, said) = outcome(&mut chat(
        &server,
        password,
        &["send", "admin@chat.example.org", "a message"],
    ))
    .await;
    assert!(well, "{said}");
    assert!(
        said.contains("contact admin@chat.example.org"),
        "colleagues are listed: {said}"
    );
    let (well, said) = outcome(&mut chat(&server, "not-the-password", &["read"])).await;
    assert!(!well && said.contains("refused"), "{said}");
    server.restart().await;
    says("a message", async || {
        outcome(&mut chat(&server, password, &["read"])).await
    })
    .await;
}
