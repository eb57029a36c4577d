//! Every query of the shipped configuration, run as the role that the service has.

use std::path::Path;

use berth::testing::TestApp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

/// The files that hold a query: what it is called there, and how Postfix, Dovecot or a program would fill it.
fn queries(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            queries(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "sql") {
            into.push((path.display().to_string(), text));
            continue;
        }
        if !path
            .extension()
            .is_some_and(|ending| ending == "cf" || ending == "ext")
        {
            continue;
        }
        for query in maps(&text) {
            into.push((path.display().to_string(), query));
        }
        let joined = text.replace("\\\n", " ");
        for line in joined.lines() {
            let Some((name, query)) = line.split_once('=') else {
                continue;
            };
            if matches!(
                name.trim(),
                "query" | "password_query" | "user_query" | "iterate_query"
            ) {
                into.push((path.display().to_string(), query.trim().to_owned()));
            }
        }
    }
}

/// What Dovecot makes of the maps of a dict: a read of each, and the write where the pattern has no name in it.
fn maps(text: &str) -> Vec<String> {
    let value = |map: &str, key: &str| {
        map.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
    };
    let mut found = Vec::new();
    for map in text.split("\nmap {").skip(1) {
        let table = value(map, "table").unwrap();
        let user = value(map, "username_field").unwrap();
        let field = value(map, "value_field").unwrap();
        let named = map.lines().find_map(|line| line.split_once("= $"));
        if let Some((name, _)) = named {
            let name = name.trim();
            found.push(format!(
                "SELECT {field} FROM {table} WHERE {name} = 'x' AND {user} = 'x'"
            ));
        } else {
            found.push(format!("SELECT {field} FROM {table} WHERE {user} = 'x'"));
            found.push(format!(
                "INSERT INTO {table} ({field},{user}) VALUES ('1','x') ON CONFLICT ({user}) DO UPDATE SET {field}='1'"
            ));
        }
    }
    found
}

/// What the programs put in for `%s`, `%u`, `%d`, `%(name)s` and their like.
fn filled(query: &str) -> String {
    let query = query.replace("$max_message_mib", "50");
    let query = query.replace("%(authors)s", "array['ann@acme.test']");
    let named = regex::Regex::new(r"%\([a-z]+\)s").unwrap();
    let query = named.replace_all(&query, "'ann@acme.test'");
    let long = regex::Regex::new(r"%\{[^}]*\}").unwrap();
    let short = regex::Regex::new(r"%[A-Z]*[a-z]").unwrap();
    let text = long.replace_all(&query, "x");
    short.replace_all(&text, "ann@acme.test").replace("%%", "%")
}

async fn reader(app: &TestApp) -> PgConnection {
    let options: PgConnectOptions = app.admin_url().parse().unwrap();
    options.username("mail_reader").connect().await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "what is shipped is told as it is")]
async fn run(reader: &mut PgConnection, text: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(text))
        .execute(reader)
        .await
        .map(drop)
}

#[tokio::test]
async fn each_is_answered_to_the_role_that_asks_it() {
    let app = TestApp::start().await;
    let mut all = Vec::new();
    queries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("mail"), &mut all);
    for part in [
        "postfix/sql",
        "dovecot/sql",
        "programs/sql",
        "quota.conf.ext",
        "sieve.conf.ext",
    ] {
        assert!(all.iter().any(|(file, _)| file.contains(part)), "{part}: {all:?}");
    }
    let mut reader = reader(&app).await;
    for (file, query) in all {
        let text = filled(&query);
        let outcome = run(&mut reader, text.clone()).await;
        assert!(outcome.is_ok(), "{file}: {text}: {outcome:?}");
    }
    reader.close().await.unwrap();
}

#[tokio::test]
async fn the_role_reads_nothing_else() {
    let app = TestApp::start().await;
    let mut reader = reader(&app).await;
    for table in [
        "mailbox",
        "mail_key",
        "tenant",
        "user_account",
        "server",
        "session",
    ] {
        let text = format!("select 1 from public.{table}");
        let outcome = run(&mut reader, text).await;
        let error = outcome.expect_err(table).to_string();
        assert!(error.contains("permission denied"), "{table}: {error}");
    }
    reader.close().await.unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "two files, one of which makes the data")]
async fn functions_tell_what_the_views_hold() {
    let app = TestApp::start().await;
    let options: PgConnectOptions = app.admin_url().parse().unwrap();
    let mut admin = options.connect().await.unwrap();
    sqlx::raw_sql(include_str!("random.sql"))
        .execute(&mut admin)
        .await
        .unwrap();
    let told: String = sqlx::query_scalar(include_str!("functions.sql"))
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let told: Vec<u32> = told.split(' ').map(|count| count.parse().unwrap()).collect();
    assert!(told[0] > 50, "{told:?}");
    assert_eq!(told[1..], [4, 0], "{told:?}");
    admin.close().await.unwrap();
}
