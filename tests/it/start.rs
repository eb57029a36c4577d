//! A panel's first seconds.

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};

use crate::crash::docker::catalogue;
use crate::faults::{Api, new_server, owners_program};
use crate::panel::Panel;

#[tokio::test]
async fn a_panel_that_says_it_is_ready_takes_a_server_at_once() {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let program = owners_program(&app, 5).await;
    let panel = Panel::of(&app);
    let running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());
    let (status, answer) = api.post("/api/v1/servers", &new_server("Early", false)).await;
    assert_eq!(status, 202, "{answer}");
    running.kill().await;
}
