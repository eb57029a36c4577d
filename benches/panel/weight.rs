//! What the panel weighs: idle in memory, and on the wire for somebody who comes the first time.

use std::collections::BTreeSet;
use std::time::Duration;

use berth::testing::TestApp;

use crate::panel::{Panel, catalogue};
use crate::table::Row;

/// Long enough for everything that is done once.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    let panel = Panel::of(&app, "weight");
    let (running, _) = panel.serve().await;
    tokio::time::sleep(SETTLE).await;
    let resident = running.resident_mib();
    let (bytes, files) = first_view(&panel, "/sign-in").await;
    running.kill().await;
    let kilobytes = f64::from(bytes) / 1000.0;
    let what = format!("first page view: /sign-in and its {files} assets, compressed");
    vec![
        Row::figure("idle memory of the panel (resident)", resident, "MiB", 60.0),
        Row::figure(&what, kilobytes, "KB", 100.0),
    ]
}

/// The bytes of a page and of everything of ours that it names, and how many files that is.
async fn first_view(panel: &Panel, path: &str) -> (u32, usize) {
    let (mut bytes, page) = fetch(panel, path).await;
    let mut left: Vec<String> = assets(&page).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(asset) = left.pop() {
        if seen.insert(asset.clone()) {
            let (size, text) = fetch(panel, &asset).await;
            bytes += size;
            left.extend(assets(&text));
        }
    }
    (bytes, seen.len())
}

/// The size as sent, and the text as read.
async fn fetch(panel: &Panel, path: &str) -> (u32, String) {
    let http = reqwest::Client::new();
    let packed = http
        .get(panel.url(path))
        .header("accept-encoding", "br")
        .send()
        .await
        .unwrap();
    assert!(packed.status().is_success(), "{path}: {}", packed.status());
    let size = packed.bytes().await.unwrap().len();
    let plain = http
        .get(panel.url(path))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    (
        u32::try_from(size).unwrap(),
        String::from_utf8_lossy(&plain).into_owned(),
    )
}

/// The addresses of assets in a page or style sheet. Maps are for developers' tools and are not fetched by others.
fn assets(text: &str) -> BTreeSet<String> {
    let end = |c: char| matches!(c, '"' | '\'' | ')' | '#' | ' ' | '>' | '\\');
    let found = text.match_indices("/static/").map(|(at, _)| {
        let rest = &text[at..];
        rest[..rest.find(end).unwrap_or(rest.len())].to_owned()
    });
    found
        .filter(|path| !path.contains(".map") && path.matches('/').count() >= 3)
        .collect()
}
