//! What is a part of an incident: counted in full, and listed page by page.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::platform::access::StaffRole;

use super::Scene;

/// The ids of a page of a list, and where the list goes on.
fn read(list: &Value) -> (Vec<String>, Option<String>) {
    let items = list["items"].as_array().unwrap().iter();
    let ids = items.map(|one| one["id"].as_str().unwrap().to_owned());
    (ids.collect(), list["next"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn all_parts_are_counted_and_can_be_paged_through() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.others(55).await;
    scene.see(server, "exited", Some(1)).await;
    scene.sweep().await;
    let all = scene.all().await;
    let group = all.iter().find(|one| one["signature"] == "node_down").unwrap();
    let id = group["id"].as_str().unwrap();

    let list = "/api/v1/staff/incidents";
    let detail = scene.staff.get(&format!("{list}/{id}")).await.expect(200).json();
    assert_eq!(detail["parts"], 55);
    let parts = format!("{list}?part_of={id}&state=open&limit=30");
    let first = scene.staff.get(&parts).await.expect(200).json();
    let (mut ids, next) = read(&first);
    assert_eq!(ids.len(), 30);
    let more = format!("{parts}&after={}", next.unwrap());
    let (others, end) = read(&scene.staff.get(&more).await.expect(200).json());
    ids.extend(others);
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len(), end), (55, 55, None));
    // What is the provider's no tenant may ask for.
    let own = format!("/api/v1/incidents?part_of={id}");
    scene.program.get(&own).await.expect(404);

    let boss = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(boss).await;
    let page = boss.get(&format!("/staff/incidents/{id}")).await.expect(200);
    let link = format!("href=\"/staff/incidents?part_of={id}\"");
    assert!(
        page.body.contains("Show all 55") && page.body.contains(&link),
        "{}",
        page.body
    );
    let page = boss
        .get(&format!("/staff/incidents?part_of={id}"))
        .await
        .expect(200);
    assert!(page.body.contains("rel=\"next\"") && page.body.contains("The whole incident"));
}
