//! Customers' programs that take what they can of the host, all at once: the neighbour is served all the while, the panel
//! answers, and whoever rages can be stopped. What each customer is told is shown where crashes, logs and checks are tested.

use std::time::{Duration, Instant};

use berth::platform::access::TenantRole;
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::faults::{Api, owners_program, tenants_permissions};
use crate::panel::{Panel, until};

/// Of a page of a few bytes, by a neighbour with a quarter of a processor. Without limits it is not answered at all.
const PATIENCE: Duration = Duration::from_secs(10);
/// What half of the requests must keep to: far above what is measured, far below what a person would notice.
const USUAL: Duration = Duration::from_millis(500);
const REQUESTS: usize = 200;

async fn order(api: &Api, template: &str, name: &str, answers: Value) -> String {
    let order = json!({
        "name": name, "template": template, "size": "small-box", "start": true, "variables": answers,
    });
    let (status, asked) = api.post("/api/v1/servers", &order).await;
    assert_eq!(status, 202, "{asked}");
    format!("/api/v1/servers/{}", asked["server"]["id"].as_str().unwrap())
}

/// How long the neighbour took for each of some requests, the shortest first. One that is not answered fails the test.
async fn latencies(url: &str) -> Vec<Duration> {
    let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    let mut took = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        let answer = http.get(url).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap().trim(), "hello");
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    took
}

fn median(took: &[Duration]) -> Duration {
    took[took.len() / 2]
}

/// A program of a tenant beside the abuser's.
async fn neighbour(app: &TestApp, panel: &Panel) -> Api {
    let plan = app.plan("Small", 1).await;
    let tenant = app.tenant_on("neighbour", plan).await;
    let user = app.person("nina").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let program = app.program(user, Some(tenant), &tenants_permissions()).await;
    Api::new(panel, program.bearer())
}

#[tokio::test]
async fn a_neighbour_is_served_whatever_others_do() {
    prepare().await;
    let app = TestApp::with(|config| config.catalogue_dir = catalogue().to_owned()).await;
    app.clock.advance(SystemClock.now() - noon());
    let abuser = owners_program(&app, 5).await;
    let panel = Panel::of(&app);
    let _remains = Remains::of(&panel.instance).await;
    let running = panel.serve().await;
    let calm = neighbour(&app, &panel).await;
    let wild = Api::new(&panel, abuser.bearer());

    let page = order(&calm, "echo", "page", json!({})).await;
    until("the neighbour answers", async || {
        calm.get(&page).await["health"] == "healthy"
    })
    .await;
    let url = format!("http://127.0.0.1:{}/", calm.get(&page).await["ports"][0]["port"]);
    let before = latencies(&url).await;

    let abuse = |kind: &'static str| order(&wild, "abuser", kind, json!({ "ABUSE": kind }));
    let bomb = abuse("fork-bomb").await;
    let flood = abuse("log-flood").await;
    let hog = abuse("memory-hog").await;
    let busy = abuse("busy-loop").await;
    for path in [&bomb, &flood, &busy] {
        until("it runs", async || {
            wild.get(path).await["engine_state"] == "running"
        })
        .await;
    }
    let during = latencies(&url).await;
    eprintln!(
        "the neighbour took {:?} before and {:?} during it, {:?} at most",
        median(&before),
        median(&during),
        during.last().unwrap()
    );
    assert!(median(&during) < USUAL, "{during:?}");
    assert_eq!(calm.get(&page).await["health"], "healthy");

    // What cannot be stopped while it rages would be no server of ours.
    for path in [bomb, flood, hog, busy] {
        let (status, asked) = wild.post(&format!("{path}/actions/stop"), &json!({})).await;
        assert_eq!(status, 202, "{asked}");
        until("it is stopped", async || {
            let server = wild.get(&path).await;
            server["status"] == "stopped" || server["status"] == "crashed"
        })
        .await;
    }
    running.kill().await;
}
