//! Databases, each with its own client.

use std::time::Duration;

use serde_json::json;
use tokio::process::Command;

use super::{HOST, Scene, Server, outcome, says, told};
use crate::panel::until_within;

/// The helper's image may have to be built first.
const PATIENCE: Duration = Duration::from_mins(10);

fn psql(server: &Server<'_>, password: &str, query: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.env("PGPASSWORD", password)
        .env("PGCONNECT_TIMEOUT", "5")
        .arg(format!(
            "host={HOST} port={} user=app dbname=app sslmode=require",
            server.port("postgresql")
        ))
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", query]);
    psql
}

#[tokio::test]
async fn postgresql_keeps_rows() {
    let scene = Scene::begin(&["postgresql"]).await;
    let server = scene.order("postgresql", "db", json!({})).await;
    let password = server.secret("POSTGRES_PASSWORD").await;
    let (well, said) = outcome(&mut psql(
        &server,
        &password,
        "create table kept as select 'a row' as row",
    ))
    .await;
    assert!(well, "{said}");
    let (well, said) = outcome(&mut psql(&server, "not the password", "select 1")).await;
    assert!(!well && said.contains("authentication failed"), "{said}");
    server.restart().await;
    says("a row", async || {
        outcome(&mut psql(&server, &password, "select row from kept")).await
    })
    .await;
}

/// What a backup of a running database holds is its own tool's dump, which loads into another one; nothing of it is left in the
/// volume.
#[tokio::test]
async fn a_backup_of_postgresql_holds_a_dump_that_loads() {
    let scene = Scene::begin(&["postgresql"]).await;
    let server = scene.order("postgresql", "db", json!({})).await;
    let password = server.secret("POSTGRES_PASSWORD").await;
    let make = "create table kept as select 'a row' as row";
    let (well, said) = outcome(&mut psql(&server, &password, make)).await;
    assert!(well, "{said}");
    let path = format!("{}/backups", server.path);
    let (status, asked) = scene.api.post(&path, &json!({})).await;
    assert_eq!(status, 202, "{asked}");
    let backup = format!("{path}/{}", asked["id"].as_str().unwrap());
    until_within(PATIENCE, "the backup is whole", async || {
        let shown = scene.api.get(&backup).await;
        assert_ne!(shown["state"], "failed", "{shown}");
        shown["state"] == "done"
    })
    .await;
    let dump = scene
        .api
        .text(&format!("{backup}/content?path=/data/.berth-dump/all.sql"))
        .await;
    assert!(dump.contains("a row"), "{dump}");
    let left = server.inside("ls -A /var/lib/postgresql").await;
    assert!(!left.contains(".berth-dump"), "{left}");

    let other = scene.order("postgresql", "other", json!({})).await;
    // Inside, where the operating system says who asks: it changes the passwords of those who come from outside.
    let mut load = Command::new("docker");
    load.args([
        "exec",
        "--interactive",
        &other.container,
        "psql",
        "--no-psqlrc",
        "--host=/run/postgresql",
    ])
    .args(["--username=postgres", "postgres"]);
    let (well, said) = told(&mut load, &dump).await;
    assert!(well, "{said}");
    // It brings its roles along, and with them their passwords.
    let (well, said) = outcome(&mut psql(&other, &password, "select row from kept")).await;
    assert!(well && said.contains("a row"), "{said}");
}

/// The copy's own password opens the copied rows, and its source's does not.
#[tokio::test]
async fn a_copied_postgresql_has_the_rows_and_a_password_of_its_own() {
    let scene = Scene::begin(&["postgresql"]).await;
    let source = scene.order("postgresql", "db", json!({})).await;
    let old = source.secret("POSTGRES_PASSWORD").await;
    let make = "create table kept as select 'a row' as row";
    let (well, said) = outcome(&mut psql(&source, &old, make)).await;
    assert!(well, "{said}");
    let copy = scene.copy(&source, "db-2").await;
    let new = copy.secret("POSTGRES_PASSWORD").await;
    assert_ne!(old, new);
    for (server, password) in [(&copy, &new), (&source, &old)] {
        says("a row", async || {
            outcome(&mut psql(server, password, "select row from kept")).await
        })
        .await;
    }
    let (well, said) = outcome(&mut psql(&copy, &old, "select 1")).await;
    assert!(!well && said.contains("authentication failed"), "{said}");
    let (well, said) = outcome(&mut psql(&copy, &new, "delete from kept")).await;
    assert!(well, "{said}");
    says("a row", async || {
        outcome(&mut psql(&source, &old, "select row from kept")).await
    })
    .await;
}

fn mariadb(server: &Server<'_>, password: &str, query: &str) -> Command {
    let mut mariadb = Command::new("mariadb");
    mariadb
        .env("MYSQL_PWD", password)
        .args([
            "--no-defaults",
            "--ssl",
            "--connect-timeout=5",
            "-h",
            HOST,
            "-u",
            "app",
        ])
        .arg(format!("--port={}", server.port("mysql")))
        .args(["app", "--execute", query]);
    mariadb
}

#[tokio::test]
async fn mariadb_keeps_rows() {
    let scene = Scene::begin(&["mariadb"]).await;
    // What SQL and shells would trip over.
    let password = r#"it's a "pass\word" $(x)"#;
    let answers = json!({ "MARIADB_PASSWORD": password });
    let server = scene.order("mariadb", "db", answers).await;
    let create = "create table kept (line varchar(20)); insert into kept values ('a row')";
    let (well, said) = outcome(&mut mariadb(&server, password, create)).await;
    assert!(well, "{said}");
    let (well, said) = outcome(&mut mariadb(&server, "not the password", "select 1")).await;
    assert!(!well && said.contains("Access denied"), "{said}");
    server.restart().await;
    says("a row", async || {
        outcome(&mut mariadb(&server, password, "select line from kept")).await
    })
    .await;
}

fn redis(server: &Server<'_>, password: &str, command: &[&str]) -> Command {
    let mut redis = Command::new("redis-cli");
    redis
        .env("REDISCLI_AUTH", password)
        .args(["--tls", "--insecure", "-e", "-h", HOST, "-p"])
        .arg(server.port("rediss").to_string())
        .args(command);
    redis
}

#[tokio::test]
async fn redis_keeps_keys() {
    let scene = Scene::begin(&["redis"]).await;
    let server = scene.order("redis", "cache", json!({})).await;
    let password = server.secret("REDIS_PASSWORD").await;
    let (well, said) = outcome(&mut redis(&server, &password, &["set", "kept", "a value"])).await;
    assert!(well && said.contains("OK"), "{said}");
    let (_, said) = outcome(&mut redis(&server, "not the password", &["get", "kept"])).await;
    assert!(!said.contains("a value"), "{said}");
    server.restart().await;
    says("a value", async || {
        outcome(&mut redis(&server, &password, &["get", "kept"])).await
    })
    .await;
}
