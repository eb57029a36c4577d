//! Who sees a ticket and whom it names: the tenant's things, the tenant's people, nobody else's.

use chrono::TimeDelta;
use serde_json::json;

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};

use super::Scene;

#[tokio::test]
async fn another_tenants_ticket_is_not_there() {
    let scene = Scene::new().await;
    let id = scene.open("Help", "Please.").await;
    let (other, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(other, bob, TenantRole::Owner).await;
    let stranger = scene
        .test
        .program(bob, Some(other), &super::scopes(Side::Tenant))
        .await;
    let path = format!("/api/v1/tickets/{id}");
    for below in ["", "/posts", "/events", "/watchers"] {
        stranger.get(&format!("{path}{below}")).await.expect(404);
    }
    let (nothing, body) = (json!({}), json!({ "body": "x" }));
    let address = json!({ "address": "bob@example.com" });
    for (below, body) in [("/resolve", &nothing), ("/posts", &body), ("/watchers", &address)] {
        stranger
            .json("POST", &format!("{path}{below}"), body)
            .await
            .expect(404);
    }
    assert!(scene.all(&stranger, "/api/v1/tickets", "id").await.is_empty());

    // Nor can a ticket be about what is another tenant's.
    let (own, theirs) = (
        scene.test.server(scene.tenant, "web-1").await,
        scene.test.server(other, "web-2").await,
    );
    let about = |server: &str| json!({ "subject": "Down", "body": "x", "severity": "p1", "about": [server] });
    let made = scene
        .customer
        .json("POST", "/api/v1/tickets", &about(&own.to_string()))
        .await;
    let made = made.expect(201).json();
    assert_eq!(made["about"], json!([{ "id": own, "name": "web-1" }]));
    for wrong in [theirs.to_string(), "web-1".to_owned()] {
        let refused = scene
            .customer
            .json("POST", "/api/v1/tickets", &about(&wrong))
            .await;
        assert_eq!(refused.expect(422).json()["errors"][0]["field"], "about");
    }
}

#[tokio::test]
async fn viewers_read_and_a_suspended_tenant_writes() {
    let scene = Scene::new().await;
    let viewer = scene.test.person("vic").await;
    scene.test.member(scene.tenant, viewer, TenantRole::Viewer).await;
    let scopes = [Permission::TicketRead, Permission::TicketWrite];
    let viewer = scene.test.program(viewer, Some(scene.tenant), &scopes).await;
    let id = scene.open("Help", "Please.").await;
    viewer.get(&format!("/api/v1/tickets/{id}")).await.expect(200);
    let body = json!({ "body": "x" });
    viewer
        .json("POST", &format!("/api/v1/tickets/{id}/posts"), &body)
        .await
        .expect(403);
    scene.test.suspend(scene.tenant).await;
    scene.answer(&id, "Why are we suspended?").await.expect(201);
}

#[tokio::test]
async fn each_side_has_its_people_watch() {
    let scene = Scene::new().await;
    let id = scene.open("Help", "Please.").await;
    let colleague = scene.test.person("cleo").await;
    scene
        .test
        .member(scene.tenant, colleague, TenantRole::Operator)
        .await;
    scene.test.staff("sam", StaffRole::Support).await;
    let own = format!("/api/v1/tickets/{id}/watchers");
    let all = format!("/api/v1/staff/tickets/{id}/watchers");
    let watch = |address: &str| json!({ "address": address });
    scene
        .customer
        .json("POST", &own, &watch("Cleo@example.com"))
        .await
        .expect(200);
    for stranger in ["sam@example.com", "somebody@elsewhere.example", "cleo"] {
        scene
            .customer
            .json("POST", &own, &watch(stranger))
            .await
            .expect(422);
    }
    scene
        .staff
        .json("POST", &all, &watch("sam@example.com"))
        .await
        .expect(200);
    scene
        .staff
        .json("POST", &all, &watch("boss@elsewhere.example"))
        .await
        .expect(200);
    scene
        .staff
        .json("POST", &all, &watch("boss@elsewhere.example"))
        .await
        .expect(200);
    let seen = scene.all(&scene.customer, &own, "address").await;
    assert_eq!(seen, ["boss@elsewhere.example", "cleo@example.com"]);
    let seen = scene.all(&scene.staff, &all, "staff").await;
    assert_eq!(seen, ["false", "false", "true"]);
    let nothing = json!({});
    let sam = format!("{own}/sam@example.com");
    scene.customer.json("DELETE", &sam, &nothing).await.expect(404);
    scene
        .customer
        .json("DELETE", &format!("{own}/cleo@example.com"), &nothing)
        .await
        .expect(204);
    scene.later(TimeDelta::seconds(1));
    assert_eq!(scene.all(&scene.staff, &all, "address").await.len(), 2);
}
