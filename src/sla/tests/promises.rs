//! Policies, calendars and plans, as staff change them and as tenants see them.

use serde_json::{Value, json};

use crate::platform::access::StaffRole;

use super::{POLICY, STANDARD, Scene};

const CALENDARS: &str = "/staff/sla/calendars";

#[tokio::test]
async fn staff_make_a_calendar_and_a_policy_and_a_plan_gets_it() {
    let scene = Scene::bare().await;
    let boss = scene.test.staff("chief", StaffRole::Owner).await;
    let browser = scene.test.browser(boss).await;
    let fields = [
        ("name", "Office hours"),
        ("zone", "Europe/Berlin"),
        ("monday", "09:00-17:00"),
        ("holidays", "2026-12-25"),
    ];
    let wrong = browser
        .post(CALENDARS, &[fields[0], fields[1], ("monday", "nine")])
        .await
        .expect(422);
    assert!(wrong.body.contains("value=\"nine\""));
    let path = browser
        .post(CALENDARS, &fields)
        .await
        .expect(303)
        .location()
        .to_owned();
    let page = browser.get(&path).await.expect(200);
    assert!(page.body.contains("09:00-17:00") && page.body.contains("2026-12-25"));
    let changed = [&fields[..], &[("tuesday", "10:00-16:00"), ("version", "1")]].concat();
    browser.post(&path, &changed).await.expect(303);
    browser.post(&path, &changed).await.expect(412);
    let calendar = path.rsplit('/').next().unwrap().to_owned();

    let new = json!({ "name": "Office", "calendar": calendar, "availability": "99.5", "targets": { "p1": { "first_answer": 60 } },
        "credits": [{ "below": "99.5", "credit": 10 }] });
    let made = scene
        .staff
        .json("POST", "/api/v1/staff/sla/policies", &new)
        .await
        .expect(201)
        .json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["terms"]["hours"]["days"][1], "10:00-16:00");
    let page = browser
        .get(&format!("/staff/sla/policies/{id}"))
        .await
        .expect(200);
    assert!(page.body.contains("value=\"1 h\"") && page.body.contains("99.5 = 10"));
    scene.choose(json!(id), 200).await;
    let plans = browser.get("/staff/sla/plans").await.expect(200);
    assert!(plans.body.contains("selected>Office</option>"));

    // Another change of the calendar is one of the policy, and the tenant sees it.
    let hours = json!({ "hours": { "always": true } });
    let calendar = format!("/api/v1/staff/sla/calendars/{calendar}");
    scene.staff.json("PATCH", &calendar, &hours).await.expect(200);
    let mine = scene.customer.get("/api/v1/sla").await.expect(200).json();
    assert_eq!(
        (&mine["terms"]["name"], &mine["terms"]["hours"]["always"]),
        (&json!("Office"), &json!(true))
    );
    let policy = scene
        .staff
        .get(&format!("/api/v1/staff/sla/policies/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(policy["version"], 2);
}

#[tokio::test]
async fn what_is_archived_is_kept_and_not_chosen_anew() {
    let scene = Scene::new().await;
    let act = async |verb: &str| {
        scene
            .staff
            .json("POST", &format!("{POLICY}/{verb}"), &json!({}))
            .await
            .expect(200)
    };
    act("archive").await;
    assert_eq!(
        scene.customer.get("/api/v1/sla").await.json()["terms"]["name"],
        "Standard"
    );
    scene.choose(Value::Null, 200).await;
    scene.choose(json!(STANDARD), 422).await;
    assert_eq!(
        scene.customer.get("/api/v1/sla").await.json()["terms"],
        Value::Null
    );
    act("restore").await;
    scene.choose(json!(STANDARD), 200).await;
}

#[tokio::test]
async fn a_patch_leaves_out_what_stays_and_refuses_what_was_changed_since() {
    let scene = Scene::bare().await;
    let patch = json!({ "availability": "", "credits": [] });
    let seen = [("if-match", "\"1\"")];
    let changed = scene
        .staff
        .json_with("PATCH", POLICY, &patch, &seen)
        .await
        .expect(200)
        .json();
    assert_eq!(changed["terms"]["availability"], Value::Null);
    assert_eq!(changed["terms"]["targets"]["p4"]["first_answer"], 1440);
    scene
        .staff
        .json_with("PATCH", POLICY, &patch, &seen)
        .await
        .expect(412);
    let wrong = json!({ "name": "", "availability": "many", "targets": { "p2": { "update": 0 } } });
    let told = scene.staff.json("PATCH", POLICY, &wrong).await.expect(422).json();
    let fields: Vec<_> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "p2.update", "availability"]);
    let taken = json!({ "name": "Around the clock", "hours": { "always": true } });
    scene
        .staff
        .json("POST", "/api/v1/staff/sla/calendars", &taken)
        .await
        .expect(422);
}
