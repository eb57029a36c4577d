//! A stack under a panel that is killed: all of its servers, its network and its volumes are there after a restart, and
//! nothing is left over when it is erased.

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{Client, TestApp, noon};
use futures_util::future::join_all;
use serde_json::json;

use crate::crash::docker::{Count, Remains, catalogue, prepare};
use crate::faults::owners_program;
use crate::panel::{Panel, until};

/// Three servers; the two of one part share a volume. Besides the tenant's common network there is the stack's own.
const WHOLE: Count = Count {
    containers: 3,
    networks: 2,
    volumes: 2,
};

struct Life {
    _app: TestApp,
    program: Client,
    panel: Panel,
    remains: Remains,
}

impl Life {
    async fn begin() -> Self {
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 10).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        // The location is written when a panel starts.
        panel.serve().await.kill().await;
        Self {
            _app: app,
            program,
            panel,
            remains,
        }
    }

    async fn status(&self, id: &str) -> String {
        let answer = self.program.get(&format!("/api/v1/stacks/{id}")).await;
        match answer.status {
            404 => "gone".to_owned(),
            _ => answer.json()["status"].as_str().unwrap().to_owned(),
        }
    }

    /// Runs a panel until the stack is so, and the engine has so much of it.
    async fn settle(&self, id: &str, status: &str, count: &Count) {
        let panel = self.panel.serve().await;
        until(&format!("the stack is {status}, with {count:?}"), async || {
            self.status(id).await == status && self.remains.count().await == *count
        })
        .await;
        panel.kill().await;
    }
}

/// Asks while no panel runs, so that it is this wish in whose course the panel dies.
async fn survive(creating: &str, erasing: &str) {
    let life = Life::begin().await;
    let order = json!({ "name": "Pair", "blueprint": "pair" });
    let made = life
        .program
        .json("POST", "/api/v1/stacks", &order)
        .await
        .expect(202);
    let id = made.json()["stack"]["id"].as_str().unwrap().to_owned();
    life.panel.start(Some(creating)).died(creating).await;
    life.settle(&id, "running", &WHOLE).await;
    let path = format!("/api/v1/stacks/{id}");
    life.program.json("DELETE", &path, &json!({})).await.expect(202);
    life.program
        .json("POST", &format!("{path}/erase"), &json!({}))
        .await
        .expect(202);
    life.panel.start(Some(erasing)).died(erasing).await;
    life.settle(&id, "gone", &Count::NOTHING).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_making_or_erasing_a_stack_goes_on() {
    prepare().await;
    let cases = [
        ("servers.claimed", "servers.after_remove_container"),
        ("servers.after_ensure", "servers.after_remove_volumes"),
        ("servers.after_wire", "servers.after_forget"),
        ("servers.after_start", "networks.removed"),
    ];
    join_all(cases.iter().map(|(creating, erasing)| survive(creating, erasing))).await;
}

#[tokio::test]
async fn a_panel_that_dies_after_a_stack_was_acknowledged_makes_it() {
    prepare().await;
    let life = Life::begin().await;
    let panel = life.panel.serve().await;
    let order = json!({ "name": "Pair", "blueprint": "pair" });
    let made = life
        .program
        .json("POST", "/api/v1/stacks", &order)
        .await
        .expect(202);
    panel.kill().await;
    let id = made.json()["stack"]["id"].as_str().unwrap().to_owned();
    life.settle(&id, "running", &WHOLE).await;
}
