//! `berth doctor` on a panel that is not started yet, one that runs, and one whose place somebody else has.

use std::net::TcpListener;

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};

use crate::crash::docker::{catalogue, prepare};
use crate::faults::{Api, new_server, owners_program};
use crate::panel::Panel;

/// The line about something, with the next one, which tells how to mend it.
fn about(told: &str, what: &str) -> String {
    let lines: Vec<&str> = told.lines().collect();
    let place = lines.iter().position(|line| line.contains(what));
    let place = place.unwrap_or_else(|| panic!("nothing about {what}:\n{told}"));
    lines[place..lines.len().min(place + 2)].join("\n")
}

#[tokio::test]
async fn the_doctor_looks_at_everything_and_changes_nothing() {
    prepare().await;
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let mut panel = Panel::of(&app);
    let folder = std::env::temp_dir().join(format!("berth-doctor-{}", panel.instance));
    panel.set("BERTH_DATA_DIR", folder.display().to_string());
    let (told, _) = panel.run(&["doctor"]).await;
    assert!(about(&told, "data folder").contains("is not there yet"), "{told}");
    assert!(!folder.exists());
    assert!(told.contains(&format!("{} is free", panel.address)), "{told}");
    assert!(about(&told, "clock").starts_with("ok"), "{told}");
    assert!(about(&told, "DNS").starts_with("ok"), "{told}");
    assert!(about(&told, "servers' ports").starts_with("ok"), "{told}");

    let squatter = TcpListener::bind(panel.address).unwrap();
    let (told, is_well) = panel.run(&["doctor"]).await;
    let line = about(&told, "listens");
    assert!(
        line.contains("another program") && line.contains("BERTH_LISTEN"),
        "{told}"
    );
    assert!(!is_well, "something is broken");
    drop(squatter);
}

#[tokio::test]
async fn the_doctor_knows_what_is_the_panels_own() {
    prepare().await;
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let program = owners_program(&app, 5).await;
    let panel = Panel::of(&app);
    let running = panel.serve().await;
    let (told, _) = panel.run(&["doctor"]).await;
    assert!(
        told.contains(&format!("{}: a panel answers there", panel.address)),
        "{told}"
    );
    // Something listens on the first port: a stranger's at first, then it is the port that a server got.
    let first = panel.first_port();
    let held = TcpListener::bind(("127.0.0.1", first)).unwrap();
    let (told, _) = panel.run(&["doctor"]).await;
    let line = about(&told, "servers' ports");
    assert!(
        line.contains(&format!("other programs use {first}")) && line.contains("BERTH_PORTS"),
        "{told}"
    );
    let api = Api::new(&panel, program.bearer());
    let (status, answer) = api.post("/api/v1/servers", &new_server("Listening", false)).await;
    assert_eq!(status, 202, "{answer}");
    let (told, _) = panel.run(&["doctor"]).await;
    assert!(about(&told, "servers' ports").starts_with("ok"), "{told}");
    drop(held);
    running.kill().await;
}
