//! Plans.

use serde_json::json;

use crate::platform::access::TenantRole;
use crate::testing::TestApp;

use super::{admin, admin_program, limits, names, plan, tenant};

#[tokio::test]
async fn staff_create_change_and_archive_a_plan() {
    let app = TestApp::start().await;
    let browser = admin(&app).await;
    assert!(
        browser
            .get("/staff/plans")
            .await
            .expect(200)
            .body
            .contains("Create the first plan")
    );
    let fields = [
        ("name", "Starter"),
        ("description", "For one site"),
        ("servers", "3"),
        ("cores", "2.5"),
        ("memory_mib", "4096"),
        ("disk_mib", "40960"),
        ("members", "5"),
        ("networks", "2"),
    ];
    let path = browser
        .post("/staff/plans", &fields)
        .await
        .expect(303)
        .location()
        .to_owned();
    let page = browser.get(&path).await.expect(200);
    assert!(page.body.contains("value=\"2.5\"") && page.body.contains("On offer"));
    let mut changed = fields;
    changed[3] = ("cores", "many");
    let answer = browser
        .post(&path, &[&changed[..], &[("version", "1")]].concat())
        .await
        .expect(422);
    assert!(answer.body.contains("value=\"many\"") && answer.body.contains("Use a number of cores"));
    changed[3] = ("cores", "4");
    browser
        .post(&path, &[&changed[..], &[("version", "1")]].concat())
        .await
        .expect(303);
    browser
        .post(&path, &[&changed[..], &[("version", "1")]].concat())
        .await
        .expect(412);
    browser.post(&format!("{path}/archive"), &[]).await.expect(303);
    assert!(browser.get(&path).await.body.contains("takes no new tenants"));
    browser.post(&format!("{path}/restore"), &[]).await.expect(303);
    assert!(browser.get("/staff/plans").await.body.contains("4 GiB"));
}

#[tokio::test]
async fn the_api_tells_every_wrong_field() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let body = json!({"name": "", "limits": {"servers": -1, "cpu_millis": 0, "memory_mib": 0, "disk_mib": 0, "members": 0}});
    let answer = program
        .json("POST", "/api/v1/staff/plans", &body)
        .await
        .expect(422);
    let errors = answer.json()["errors"].clone();
    let fields: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "limits.servers", "limits.members"]);
    plan(&program, "Starter", 3).await;
    let again = json!({"name": "Starter", "limits": limits(1)});
    program
        .json("POST", "/api/v1/staff/plans", &again)
        .await
        .expect(422);
    let unknown = json!({"name": "Other", "limits": limits(1), "price": 5});
    program
        .json("POST", "/api/v1/staff/plans", &unknown)
        .await
        .expect(422);
}

#[tokio::test]
async fn an_archived_plan_takes_no_tenants_and_keeps_its_own() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let starter = plan(&program, "Starter", 3).await;
    tenant(&program, "Acme", &starter).await;
    let path = format!("/api/v1/staff/plans/{starter}");
    for _ in 0..2 {
        let archived = program
            .json("POST", &format!("{path}/archive"), &json!({}))
            .await
            .expect(200);
        assert!(archived.json()["archived_at"].is_string());
    }
    let body = json!({"name": "Late", "plan_id": starter});
    let refused = program
        .json("POST", "/api/v1/staff/tenants", &body)
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["field"], "plan_id");
    assert_eq!(program.get(&path).await.json()["tenants"], 1);
    assert_eq!(
        names(&program.get("/api/v1/staff/plans?q=start").await),
        ["Starter"]
    );
}

#[tokio::test]
async fn a_limit_below_use_is_shown_on_the_plan() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let starter = app.plan("Starter", 3).await;
    let acme = app.tenant_on("acme", starter).await;
    for name in ["one", "two"] {
        app.server(acme, name).await;
    }
    let mut less = limits(0);
    less["servers"] = json!(1);
    let path = format!("/api/v1/staff/plans/{starter}");
    program
        .json("PATCH", &path, &json!({"limits": less}))
        .await
        .expect(200);
    let page = admin(&app)
        .await
        .get(&format!("/staff/plans/{starter}"))
        .await
        .expect(200);
    assert!(page.body.contains("Servers over by 1"));
}

#[tokio::test]
async fn staff_say_how_many_networks_a_plan_allows() {
    let app = TestApp::start().await;
    let program = admin_program(&app).await;
    let starter = app.plan("Starter", 3).await;
    let path = format!("/api/v1/staff/plans/{starter}");
    assert_eq!(program.get(&path).await.json()["limits"]["networks"], 5);
    let mut two = limits(3);
    two["networks"] = json!(2);
    program
        .json("PATCH", &path, &json!({ "limits": two }))
        .await
        .expect(200);
    // A program that knows nothing of networks changes nothing about them.
    let other = program
        .json("PATCH", &path, &json!({ "limits": limits(4) }))
        .await
        .expect(200)
        .json();
    assert_eq!(other["limits"]["servers"], 4);
    assert_eq!(other["limits"]["networks"], 2);
    two["networks"] = json!(1001);
    let refused = program
        .json("PATCH", &path, &json!({ "limits": two }))
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["field"], "limits.networks");
    // It holds for the plan's tenants at once.
    let (tenant, ada) = (app.tenant_on("acme", starter).await, app.person("ada").await);
    app.member(tenant, ada, TenantRole::Owner).await;
    let page = app.browser(ada).await.get("/t/acme/networks").await.expect(200);
    assert!(page.body.contains("0 of 2 networks of your plan are in use."));
    let plan = admin(&app)
        .await
        .get(&format!("/staff/plans/{starter}"))
        .await
        .expect(200);
    assert!(plan.body.contains("name=\"networks\"") && plan.body.contains("value=\"2\""));
}
