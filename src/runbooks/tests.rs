//! What is said about runbooks, over a real database.

use serde_json::json;

use crate::platform::access::{Permission, StaffRole};
use crate::testing::TestApp;

#[tokio::test]
async fn steps_are_ticked_and_the_figures_count_each_ticket_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let ticket = app.ticket(tenant).await;
    let eve = app.staff("eve", StaffRole::Engineer).await;
    let program = app
        .program(
            eve,
            None,
            &[Permission::StaffTicketWrite, Permission::StaffRunbookRead],
        )
        .await;
    let place = format!("/api/v1/staff/tickets/{ticket}/runbooks/out-of-memory");
    let done = json!({ "ticked": [2, 0, 0], "helped": true });
    for _ in 0..2 {
        let used = program.json("PATCH", &place, &done).await.expect(200).json();
        assert_eq!(
            (&used["ticked"], &used["by"]),
            (&json!([0, 2]), &json!("eve@example.com"))
        );
    }
    let shown = program
        .get("/api/v1/staff/runbooks/out-of-memory")
        .await
        .expect(200)
        .json();
    assert_eq!(shown["figures"], json!({ "helped": 1, "did_not": 0 }));
    program
        .json("PATCH", &place, &json!({ "ticked": [99] }))
        .await
        .expect(422);
    program
        .json("PATCH", &format!("{place}-2"), &json!({}))
        .await
        .expect(404);
    let browser = app.browser(eve).await;
    let page = format!("/staff/runbooks/out-of-memory?ticket={ticket}");
    let form = format!("/staff/tickets/{ticket}/runbooks/out-of-memory");
    browser
        .post(&form, &[("step", "1"), ("helped", "no")])
        .await
        .expect(303);
    let body = browser.get(&page).await.expect(200).body;
    assert_eq!(body.matches(" checked").count(), 2, "{body}");
    // What is refused stands in the form as it was sent.
    let sent = [("step", "0"), ("step", "2"), ("step", "99"), ("helped", "yes")];
    let refused = browser.post(&form, &sent).await.expect(422).body;
    assert_eq!(refused.matches(" checked").count(), 3, "{refused}");
    assert!(body.contains("helped 0 of 1 times"), "{body}");
    assert!(
        browser
            .get("/staff/runbooks")
            .await
            .expect(200)
            .body
            .contains("helped 0 of 1 times")
    );
}
