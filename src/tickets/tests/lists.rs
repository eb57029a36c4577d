//! The queue, what is found, and what is changed together.

use chrono::TimeDelta;
use serde_json::json;

use super::super::store;
use super::{Scene, id_of};

const QUEUE: &str = "/api/v1/staff/tickets";

async fn subjects(scene: &Scene, query: &str) -> Vec<String> {
    scene
        .all(&scene.staff, &format!("{QUEUE}?{query}"), "subject")
        .await
}

#[tokio::test]
async fn the_queue_is_filtered_and_sorted() {
    let scene = Scene::new().await;
    let mut ids = Vec::new();
    for subject in ["One", "Two", "Three", "Four"] {
        ids.push(scene.open(subject, "Please.").await);
    }
    scene
        .change(&ids[0], json!({ "severity": "p1", "tags": ["disk"] }))
        .await
        .expect(200);
    scene.later(TimeDelta::seconds(1));
    scene
        .change(&ids[1], json!({ "assignee": scene.engineer, "team": "Night" }))
        .await
        .expect(200);
    scene
        .change(&ids[3], json!({ "state": "closed" }))
        .await
        .expect(200);
    let now = scene.test.app.now();
    let mut tx = scene.test.app.db.system().await.unwrap();
    let due = [(2, TimeDelta::minutes(-5)), (1, TimeDelta::minutes(5))];
    for (place, after) in due {
        let due = Some((now + after, "an answer"));
        store::set_due(&mut tx, id_of(&ids[place]), due).await.unwrap();
    }
    tx.commit().await.unwrap();

    assert_eq!(
        subjects(&scene, "").await,
        ["Three", "Two", "One"],
        "what is due first, what never is last"
    );
    assert_eq!(subjects(&scene, "sort=severity").await, ["One", "Two", "Three"]);
    assert_eq!(
        subjects(&scene, "sort=-created&state=all").await,
        ["Four", "Three", "Two", "One"]
    );
    assert_eq!(
        subjects(&scene, "sort=created&state=closed,new").await,
        ["One", "Two", "Three", "Four"]
    );
    let cases = [
        ("overdue=true", "Three"),
        ("assignee=me", "Two"),
        ("team=Night", "Two"),
        ("tag=disk", "One"),
        ("severity=p1,p2", "One"),
        ("state=closed", "Four"),
        ("assignee=none&sort=severity&limit=1", "One"),
    ];
    for (query, found) in cases {
        assert_eq!(subjects(&scene, query).await, [found], "{query}");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended() {
    let scene = Scene::new().await;
    for subject in ["One", "Two", "Three"] {
        scene.open(subject, "Please.").await;
    }
    assert_eq!(subjects(&scene, "triage=true").await, Vec::<String>::new());
    scene
        .staff
        .get(&format!("{QUEUE}?state=all&sort=due"))
        .await
        .expect(422);
    scene.staff.get(&format!("{QUEUE}?state=odd")).await.expect(422);
    let own = scene
        .all(
            &scene.customer,
            "/api/v1/tickets?state=open&sort=created",
            "subject",
        )
        .await;
    assert_eq!(own, ["One", "Two", "Three"]);
    for sort in ["due", "severity", "-changed", "-created", "created"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = scene
                .staff
                .get(&format!("{QUEUE}?sort={sort}&limit=1&after={after}"))
                .await;
            let page = page.expect(200).json();
            seen.push(page["items"][0]["number"].as_i64().unwrap());
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3], "{sort}");
    }
}

#[tokio::test]
async fn tickets_are_found_by_what_was_written_as_far_as_one_may_read_it() {
    let scene = Scene::new().await;
    let one = scene
        .open("Nginx answers 502", "Since the *migration* of web-1.example.com")
        .await;
    scene.open("Another", "O'Brien's \"mail\" is late").await;
    scene
        .write(
            &one,
            json!({ "body": "The upstream is swamped.", "internal": true }),
        )
        .await
        .expect(201);
    let cases = [
        ("nginx", 1),
        ("NGI+502", 1),
        ("migrat", 1),
        ("example.com", 1),
        ("o%27brien", 1),
        ("%231", 1),
        ("2", 1),
        ("nginx+mail", 0),
        ("%27+%26+%7C+%21+%28", 0),
        ("%5C%27%3A*", 0),
    ];
    for (q, count) in cases {
        let path = format!("q={q}&sort=-changed");
        assert_eq!(subjects(&scene, &path).await.len(), count, "{q}");
        let own = scene
            .all(&scene.customer, &format!("/api/v1/tickets?{path}"), "subject")
            .await;
        assert_eq!(own.len(), count, "{q}");
    }
    // Staff's notes are staff's to find.
    assert_eq!(subjects(&scene, "q=swamped").await.len(), 1);
    let own = scene
        .all(&scene.customer, "/api/v1/tickets?q=swamped", "subject")
        .await;
    assert!(own.is_empty());
    let (_, stranger) = other(&scene).await;
    for q in ["nginx", "1"] {
        let found = scene
            .all(&stranger, &format!("/api/v1/tickets?q={q}"), "subject")
            .await;
        assert!(found.is_empty(), "{q}");
    }
}

/// Somebody else's organisation.
async fn other(scene: &Scene) -> (crate::platform::ids::TenantId, crate::testing::Client) {
    use crate::platform::access::{Side, TenantRole};
    let (tenant, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(tenant, bob, TenantRole::Owner).await;
    let program = scene
        .test
        .program(bob, Some(tenant), &super::scopes(Side::Tenant))
        .await;
    (tenant, program)
}

#[tokio::test]
async fn words_that_all_have_are_walked_along() {
    let scene = Scene::new().await;
    let id = scene.open("The first", "Please.").await;
    scene
        .test
        .administer(
            "insert into ticket (id, tenant_id, subject, severity, source, opened_at, changed_at) \
             select gen_random_uuid(), t.id, 'Common ' || n, 'p4', 'staff', '2026-01-01', '2026-01-01' \
             from tenant t, generate_series(1, 3001) n where t.slug = 'acme'",
        )
        .await;
    scene.answer(&id, "It is common here, too.").await.expect(201);
    let found = subjects(&scene, "q=common&sort=-changed").await;
    assert_eq!((found.len(), &*found[0]), (50, "The first"));
    let own = scene
        .all(&scene.customer, "/api/v1/tickets?q=common", "subject")
        .await;
    assert_eq!((own.len(), &*own[0]), (50, "The first"));
}

#[tokio::test]
async fn several_are_changed_each_by_itself() {
    let scene = Scene::new().await;
    let ids = [scene.open("One", "a").await, scene.open("Two", "b").await];
    scene
        .change(&ids[1], json!({ "state": "closed" }))
        .await
        .expect(200);
    let gone = "tkt_01kb2m4v0xf9ya8e3m1v6gq0ht";
    let bulk = format!("{QUEUE}/bulk");
    let asked = json!({ "tickets": [ids[0], ids[1], gone], "state": "in_progress", "tag": "Night", "assignee": scene.engineer });
    let outcome = scene.staff.json("POST", &bulk, &asked).await.expect(200).json();
    let errors: Vec<&str> = (0..3)
        .map(|n| outcome["items"][n]["error"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(errors, ["", "ticket-state", "not-found"]);
    let changed = scene
        .staff
        .get(&format!("{QUEUE}/{}", ids[0]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["state"], &changed["tags"]),
        (&json!("in_progress"), &json!(["night"]))
    );
    let left = scene
        .staff
        .get(&format!("{QUEUE}/{}", ids[1]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        left["tags"],
        json!([]),
        "a ticket is changed as a whole or not at all"
    );
    let many = vec![gone; 101];
    scene
        .staff
        .json("POST", &bulk, &json!({ "tickets": many }))
        .await
        .expect(422);
    scene
        .staff
        .json("POST", &bulk, &json!({ "tickets": [] }))
        .await
        .expect(422);
}
