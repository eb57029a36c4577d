//! What a server printed: looked for, downloaded, and bounded however much it prints.

use std::time::{Duration, Instant};

use berth::drivers::engine::{LogStream, ServerKey};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::Value;
use tokio::process::Command;

use crate::console::scene::{SLUG, Scene};
use crate::crash::docker::{Remains, catalogue, prepare};
use crate::faults::{Api, new_server, owners_program};
use crate::panel::{Panel, until};

fn texts(found: &Value) -> Vec<&str> {
    let lines = found["lines"].as_array().unwrap();
    lines.iter().map(|line| line["text"].as_str().unwrap()).collect()
}

/// A server that has printed five lines.
async fn printed() -> (Scene, String) {
    let scene = Scene::set(|_| {}).await;
    let id = scene.server("web", "static-site").await;
    let key = ServerKey::new(id.as_str()).unwrap();
    for number in 1..=4 {
        let line = format!("GET /{number}");
        scene.app.engine.log(&key, LogStream::Stdout, &line);
    }
    scene.app.engine.log(&key, LogStream::Stderr, "an Error & <more>");
    (scene, id)
}

#[tokio::test]
async fn programs_find_lines_by_text_time_and_output() {
    let (scene, id) = printed().await;
    let path = format!("/api/v1/servers/{id}/logs");
    let search = async |query: &str| {
        scene
            .program
            .get(&format!("{path}/search?{query}"))
            .await
            .expect(200)
            .json()
    };

    let all = search("").await;
    assert_eq!(
        texts(&all),
        ["GET /1", "GET /2", "GET /3", "GET /4", "an Error & <more>"]
    );
    assert_eq!(
        (&all["next"], &all["oldest"]),
        (&Value::Null, &all["lines"][0]["at"])
    );
    assert_eq!(texts(&search("q=ERROR").await), ["an Error & <more>"]);
    assert_eq!(texts(&search("q=%2F2").await), ["GET /2"]);
    assert_eq!(texts(&search("stream=stderr&q=get").await), [""; 0]);
    let (second, third) = (
        all["lines"][1]["at"].as_str().unwrap(),
        all["lines"][2]["at"].as_str().unwrap(),
    );
    assert_eq!(
        texts(&search(&format!("from={second}&to={third}")).await),
        ["GET /2", "GET /3"]
    );

    let first = search("limit=2&q=get").await;
    assert_eq!(texts(&first), ["GET /1", "GET /2"]);
    let after = first["next"].as_str().unwrap();
    assert_eq!(
        texts(&search(&format!("limit=2&q=get&after={after}")).await),
        ["GET /3", "GET /4"]
    );
    let wrong = scene
        .program
        .get(&format!("{path}/search?from=tomorrow&stream=stdin"))
        .await
        .expect(422);
    assert_eq!(wrong.json()["errors"].as_array().unwrap().len(), 2);
    scene
        .program
        .get(&format!("{path}/search?limit=0"))
        .await
        .expect(422);

    let text = scene
        .program
        .get(&format!("{path}/download?stream=stderr"))
        .await
        .expect(200);
    assert!(
        text.body.ends_with(" stderr an Error & <more>\n") && text.body.lines().count() == 1,
        "{text:?}"
    );
    assert!(text.header("content-disposition").contains("web.log"), "{text:?}");
}

#[tokio::test]
async fn people_find_the_same_lines() {
    let (scene, id) = printed().await;
    let browser = scene.app.browser(scene.owner).await;
    let page = |query: &str| format!("/t/{SLUG}/servers/{id}/logs{query}");
    let newest = browser.get(&page("")).await.expect(200);
    assert!(newest.body.contains("data-live") && newest.body.contains("GET /4"));
    let found = browser.get(&page("?q=error&from=&to=&stream=")).await.expect(200);
    assert!(!found.body.contains("data-live") && !found.body.contains("GET /4"));
    assert!(
        found.body.contains("an Error &#38; &#60;more&#62;")
            && found.body.contains("The oldest line that is kept")
    );
    let none = browser.get(&page("?q=nowhere")).await.expect(200);
    assert!(none.body.contains("Nothing found"));
    let bad = browser.get(&page("?from=tomorrow")).await.expect(200);
    assert!(bad.body.contains("Use a time such as"));
    let text = browser.get(&page("/download?q=%2F3")).await.expect(200);
    assert!(text.body.ends_with(" stdout GET /3\n"), "{text:?}");
}

#[tokio::test]
async fn a_flood_is_bounded_and_the_page_stays_quick() {
    prepare().await;
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let program = owners_program(&app, 5).await;
    let panel = Panel::of(&app);
    let _remains = Remains::of(&panel.instance).await;
    let _running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());
    let (status, asked) = api.post("/api/v1/servers", &new_server("Loud", true)).await;
    assert_eq!(status, 202, "{asked}");
    let id = asked["server"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/servers/{id}");
    until("it runs", async || {
        api.get(&path).await["engine_state"] == "running"
    })
    .await;

    // More than the engine keeps, to the output of the server's own process.
    let flood = "echo the-first-line >/proc/1/fd/1; \
         head -c 45000000 /dev/zero | tr '\\0' x | fold -w 1000 >/proc/1/fd/1; echo >/proc/1/fd/1; \
         echo the-last-line >/proc/1/fd/1";
    let container = format!("{}-{id}", panel.instance);
    let mut inside = Command::new("docker");
    inside.args(["exec", &container, "sh", "-c", flood]);
    assert!(inside.status().await.unwrap().success());
    until("all is read", async || {
        let newest = api.get(&format!("{path}/logs?tail=1")).await;
        newest[0]["text"] == "the-last-line"
    })
    .await;

    let begun = Instant::now();
    let newest = api.get(&format!("{path}/logs?tail=500")).await;
    let took = begun.elapsed();
    assert_eq!(newest.as_array().unwrap().len(), 500);
    assert!(took < Duration::from_secs(5), "{took:?}");

    // A search goes on from where the one before ended, each over a bounded part, until all that is kept was looked through.
    let (mut after, mut parts, mut lines) = (String::new(), 0, 0);
    loop {
        let found = api.get(&format!("{path}/logs/search?q=line&after={after}")).await;
        parts += 1;
        lines += texts(&found).len();
        assert!(
            !texts(&found).contains(&"the-first-line"),
            "it is gone, as more was printed than is kept"
        );
        match found["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(lines, 1, "the last line is there");
    assert!(
        (3..=5).contains(&parts),
        "{parts} parts of 8 MiB in at most 30 MB"
    );
}
