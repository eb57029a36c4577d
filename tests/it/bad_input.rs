//! What no caller should send: every such request gets a clear 4xx with a problem document, and changes nothing.

use axum::body::Body;
use axum::http::Method;
use berth::platform::access::{Permission, StaffRole, TenantRole};
use berth::platform::db::Scoped as _;
use berth::platform::web::{Kind, MAX_BODY};
use berth::testing::{Answer, Client, TestApp};
use serde_json::{Value, json};

use crate::access_walk::Scene;

const SERVERS: &str = "/api/v1/servers";
const JSON: (&str, &str) = ("content-type", "application/json");

struct Callers {
    tenant: Client,
    staff: Client,
}

async fn callers(app: &TestApp) -> Callers {
    let tenant = app.tenant("harbour").await;
    let (ann, root) = (
        app.person("ann").await,
        app.staff("root", StaffRole::ALL[0]).await,
    );
    app.member(tenant, ann, TenantRole::Owner).await;
    berth::servers::begin(&app.app).await.unwrap();
    Callers {
        tenant: app.program(ann, Some(tenant), Permission::ALL).await,
        staff: app.program(root, None, Permission::ALL).await,
    }
}

/// What may change by a request: if none of it did, nothing did.
async fn rows(app: &TestApp) -> i64 {
    let mut tx = app.system().begin().await.unwrap();
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from server) + (select count(*) from operation) + (select count(*) from audit_event)
         + (select count(*) from tenant) + (select count(*) from plan) + (select count(*) from user_account)
         + (select count(*) from api_token) + (select count(*) from one_time_link) + (select count(*) from server_port)
         + (select count(*) from server_variable) as "count!""#
    );
    count.fetch_one(tx.conn()).await.unwrap()
}

#[track_caller]
fn assert_refused(answer: &Answer, what: &str) -> Value {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{what}: {answer:?}"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{what}");
    let says_something = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
    assert!(
        says_something("code") && says_something("title"),
        "{what}: {problem}"
    );
    problem
}

fn server(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({
        "name": "web-1", "template": "static-site", "size": "small-box",
        "variables": { "SITE_OWNER": "Ann" }, "start": false,
    });
    change(&mut body);
    body
}

/// Bodies that no address of the API takes.
const NEVER: &[(&str, &str, u16)] = &[
    ("application/json", "{", 400),
    ("application/json", "nonsense", 400),
    ("application/json", "\u{FEFF}{}", 400),
    ("application/json", "[]", 422),
    ("application/json", "null", 422),
    ("application/json", "\"text\"", 422),
    ("application/json", "{\"no_such_field\": true}", 422),
    ("application/x-www-form-urlencoded", "name=x", 415),
    ("text/plain", "{}", 415),
    ("application/json-patch+json", "[]", 415),
    ("multipart/form-data; boundary=x", "--x--", 415),
    ("", "{}", 415),
];

#[tokio::test]
async fn no_address_takes_what_is_no_request() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let (ann, root) = (
        app.person("ann").await,
        app.staff("root", StaffRole::ALL[0]).await,
    );
    app.member(scene.tenant, ann, TenantRole::Owner).await;
    let callers = Callers {
        tenant: app.program(ann, Some(scene.tenant), Permission::ALL).await,
        staff: app.program(root, None, Permission::ALL).await,
    };
    let before = rows(app).await;
    let document = serde_json::to_value(berth::routes::all().document()).unwrap();
    let mut walked = 0;
    for route in berth::routes::all().table() {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        if route.kind != Kind::Api || operation["requestBody"]["content"]["application/json"].is_null() {
            continue;
        }
        let caller = if route.path.starts_with("/api/v1/staff/") {
            &callers.staff
        } else {
            &callers.tenant
        };
        for (content_type, body, status) in NEVER {
            let path = scene.address(&route);
            let method: Method = route.method.parse().unwrap();
            let headers = [("content-type", *content_type), ("if-match", "\"1\"")];
            let answer = caller.send(method, &path, &headers, Body::from(*body)).await;
            let what = format!("{} {path} with {content_type} {body:?}", route.method);
            assert_refused(&answer, &what);
            assert_eq!(answer.status, *status, "{what}: {answer:?}");
        }
        walked += 1;
    }
    assert!(walked >= 15, "only {walked} addresses were walked");
    assert_eq!(rows(app).await, before);
}

#[tokio::test]
async fn fields_that_cannot_be_are_named() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let before = rows(&app).await;
    let long = "x".repeat(10_000);
    let bad: Vec<(&str, Value)> = vec![
        ("name", server(|body| body["name"] = json!(long))),
        ("name", server(|body| body["name"] = json!(""))),
        ("name", server(|body| body["name"] = json!("  \u{200B} "))),
        ("name", server(|body| body["name"] = json!("a\u{0}b"))),
        ("name", server(|body| body["name"] = json!("a\nb"))),
        ("name", server(|body| body["name"] = json!("\u{202E}evil"))),
        ("name", server(|body| body["name"] = json!(7))),
        ("name", server(|body| body["name"] = Value::Null)),
        ("template", server(|body| body["template"] = json!(long))),
        ("template", server(|body| body["template"] = json!("../../etc"))),
        ("template", server(|body| body["template"] = json!("a\u{0}"))),
        ("size", server(|body| body["size"] = json!("🐘"))),
        ("size", server(|body| body["size"] = json!(long))),
        ("start", server(|body| body["start"] = json!("yes"))),
        (
            "variables.SITE_TITLE",
            server(|body| body["variables"]["SITE_TITLE"] = json!(long)),
        ),
        (
            "variables.SITE_TITLE",
            server(|body| body["variables"]["SITE_TITLE"] = json!("a\u{0}")),
        ),
        (
            "variables.SITE_OWNER",
            server(|body| body["variables"] = json!({})),
        ),
        (
            "variables.🙂",
            server(|body| body["variables"]["🙂"] = json!("x")),
        ),
    ];
    for (field, body) in bad {
        let answer = callers.tenant.json("POST", SERVERS, &body).await;
        let what = format!("{field} in {:.200}", body.to_string());
        let problem = assert_refused(&answer, &what);
        assert_eq!(answer.status, 422, "{what}: {problem}");
        let errors = problem["errors"].to_string();
        assert!(errors.contains(field), "{what}: {problem}");
        assert!(errors.len() < 2_000, "{what}: it is said back whole");
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn sizes_that_would_fill_the_panel_are_refused() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let long = |length: usize| format!("{{\"name\": \"{}\"}}", "x".repeat(length));
    let deep = format!("{{\"variables\": {}", "[".repeat(100_000));
    let key = [JSON, ("idempotency-key", "large")];
    for (what, body, status) in [
        ("huge", long(MAX_BODY), 413),
        ("large", long(MAX_BODY - 100), 422),
        ("deep", deep, 422),
    ] {
        // One limit, with a key and without.
        for headers in [&key[..1], &key] {
            let answer = callers
                .tenant
                .send(Method::POST, SERVERS, headers, Body::from(body.clone()))
                .await;
            assert_refused(&answer, what);
            assert!(answer.status == status, "{what}: {:.300}", answer.body);
        }
    }
}

#[tokio::test]
async fn emoji_are_letters_too() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    for name in ["🚀", "Straße 7 – 東京", "👩‍👩‍👧‍👦 family"] {
        let body = server(|body| body["name"] = json!(name));
        let asked = callers
            .tenant
            .json("POST", SERVERS, &body)
            .await
            .expect(202)
            .json();
        assert_eq!(asked["server"]["name"], name);
        let host = asked["server"]["host_name"].as_str().unwrap();
        assert!(
            host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !host.is_empty(),
            "{host}"
        );
    }
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let cursor = "W251bGwsbnVsbF0"; // [null,null]
    let nul = "WyJhXHUwMDAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0"; // ["a\u0000","00000000-…"]
    let long = "x".repeat(10_000);
    for query in [
        "limit=0".to_owned(),
        "limit=201".to_owned(),
        "limit=-1".to_owned(),
        "limit=many".to_owned(),
        "sort=color".to_owned(),
        "state=asleep".to_owned(),
        "after=garbage".to_owned(),
        "after=%00".to_owned(),
        format!("after={cursor}"),
        format!("sort=name&after={nul}"),
        format!("after={long}"),
        format!("q={long}"),
        "q=a%00b".to_owned(),
    ] {
        let answer = callers.tenant.get(&format!("{SERVERS}?{query}")).await;
        assert_refused(&answer, &format!("{query:.80}"));
        assert!(matches!(answer.status, 400 | 422), "{query:.80}: {answer:?}");
    }
    for path in [
        "none",
        "%00",
        "%FF",
        "00000000-0000-0000-0000-000000000000",
        "..%2F..%2Fetc",
    ] {
        let answer = callers.tenant.get(&format!("{SERVERS}/{path}")).await;
        assert_refused(&answer, path);
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_cursor_outlives_the_row_that_it_was_made_from() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    for name in ["a", "b", "c"] {
        let body = server(|body| body["name"] = json!(name));
        callers.tenant.json("POST", SERVERS, &body).await.expect(202);
    }
    let first = callers
        .tenant
        .get(&format!("{SERVERS}?sort=name&limit=1"))
        .await
        .expect(200)
        .json();
    let next = first["next"].as_str().unwrap();
    let mut tx = app.system().begin().await.unwrap();
    sqlx::query!("delete from server where name = 'a'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let path = format!("{SERVERS}?sort=name&limit=1&after={next}");
    let second = callers.tenant.get(&path).await.expect(200).json();
    assert_eq!(second["items"][0]["name"], "b");
}

#[tokio::test]
async fn asking_twice_does_once() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let key = [("idempotency-key", "once")];
    let body = server(|_| ());
    let first = callers
        .tenant
        .json_with("POST", SERVERS, &body, &key)
        .await
        .expect(202);
    let after = rows(&app).await;
    for _ in 0..3 {
        let again = callers
            .tenant
            .json_with("POST", SERVERS, &body, &key)
            .await
            .expect(202);
        assert_eq!(again.json(), first.json());
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    let other = server(|body| body["name"] = json!("web-2"));
    let refused = callers.tenant.json_with("POST", SERVERS, &other, &key).await;
    assert_refused(&refused, "the key of another request");
    let twice = callers.tenant.json("POST", SERVERS, &body).await;
    assert_refused(&twice, "the same name without a key");
    assert_eq!(twice.status, 422, "{twice:?}");
    for key in ["", "é", &"k".repeat(1000)] {
        let answer = callers
            .tenant
            .json_with("POST", SERVERS, &other, &[("idempotency-key", key)])
            .await;
        assert_refused(&answer, key);
    }
    assert_eq!(rows(&app).await, after);
}

#[tokio::test]
async fn what_was_done_is_not_done_again_when_its_answer_was_lost() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let key = [("idempotency-key", "lost")];
    let body = server(|_| ());
    let ask = async || callers.tenant.json_with("POST", SERVERS, &body, &key).await;
    ask().await.expect(202);
    let after = rows(&app).await;
    // As if the panel had died between the action's commit and its answer.
    let mut tx = app.system().begin().await.unwrap();
    sqlx::query!("update idempotency_key set status = null, body = null")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let soon = ask().await.expect(409);
    assert_eq!(soon.json()["code"], "idempotency-key-in-use");
    app.clock.advance(chrono::Duration::minutes(2));
    let later = ask().await.expect(409);
    assert_eq!(later.json()["code"], "idempotency-key-done");
    assert_eq!(rows(&app).await, after);
}

/// Our calendar goes further back than PostgreSQL's, which begins in 4713 BC.
#[tokio::test]
async fn times_before_all_calendars_are_told() {
    use base64::Engine as _;
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let key = r#"["-9999-01-01T00:00:00Z","00000000-0000-0000-0000-000000000000"]"#;
    let cursor = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key);
    for path in [
        "/api/v1/audit-events?from=-9999-01-01".to_owned(),
        format!("/api/v1/servers?after={cursor}"),
        format!("/api/v1/operations?after={cursor}"),
    ] {
        let answer = callers.tenant.get(&path).await;
        assert_eq!(assert_refused(&answer, &path)["code"], "bad-time", "{path}");
    }
}

/// An answer that is kept for its `Idempotency-Key` may hold what is shown once.
#[tokio::test]
async fn a_link_in_a_kept_answer_cannot_be_read_from_the_database() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let ask = async || {
        let body = json!({ "email": "new@example.com", "role": "viewer" });
        let key = [("idempotency-key", "once")];
        callers
            .tenant
            .json_with("POST", "/api/v1/invitations", &body, &key)
            .await
            .expect(201)
    };
    let url = ask().await.json()["url"].as_str().unwrap().to_owned();
    assert!(url.contains("/invite/"), "{url}");
    let mut tx = app.system().begin().await.unwrap();
    let kept = sqlx::query_scalar!(r#"select body as "body!" from idempotency_key where key = 'once'"#);
    let kept = kept.fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let token = url.rsplit('/').next().unwrap().as_bytes();
    assert!(
        !kept.windows(token.len()).any(|part| part == token),
        "the link lies in the open"
    );
    assert_eq!(
        ask().await.json()["url"],
        *url,
        "it is told again to whoever has the key"
    );
}
