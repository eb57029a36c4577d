//! More servers of a part, and fewer.

use serde_json::{Value, json};

use crate::platform::access::Permission;

use super::scene::{Scene, cluster};

impl Scene {
    async fn scale(&self, id: &str, part: &str, replicas: u32) -> crate::testing::Answer {
        let path = format!("/api/v1/stacks/{id}/parts/{part}/scale");
        self.post(&path, &json!({ "replicas": replicas })).await
    }

    async fn names(&self, id: &str) -> Vec<String> {
        let stack = self.stack(id).await;
        let all = stack["servers"].as_array().unwrap().iter();
        all.map(|server| server["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn new_servers_are_like_the_first_and_the_last_ones_go() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let two = scene.part(&id, "web").await;
    let grown = scene.scale(&id, "web", 4).await.expect(202).json();
    assert_eq!(grown["work"].as_array().unwrap().len(), 2);
    scene.work().await;
    let four = scene.part(&id, "web").await;
    assert_eq!((four.len(), &four[..2]), (4, &two[..]));
    let (first, last) = (scene.server(&four[0]).await, scene.server(&four[3]).await);
    assert_eq!(
        (&last["variables"], &last["image"]),
        (&first["variables"], &first["image"])
    );
    assert_eq!(
        scene.secret(&four[3], "DATABASE_PASSWORD").await,
        scene.secret(&four[0], "DATABASE_PASSWORD").await
    );
    let proxy = &scene.part(&id, "proxy").await[0];
    assert_eq!(
        scene.server(proxy).await["variables"]["BACKENDS"],
        "web.web.internal:8080"
    );
    let shrunk = scene.scale(&id, "web", 1).await.expect(202).json();
    assert_eq!(shrunk["work"].as_array().unwrap().len(), 3);
    assert_eq!(
        scene.names(&id).await,
        ["Web cache", "Web db", "Web proxy", "Web web 1"]
    );
    scene.work().await;
    assert_eq!(scene.rows().await, (1, 4, 1), "no row is left of those that went");
    let log = scene.audit_log().await;
    assert!(log.contains("stack.scale Web"), "{log}");
    let again = scene.scale(&id, "web", 1).await.expect(202).json();
    assert_eq!(again["work"], json!([]), "it is so already");
}

#[tokio::test]
async fn a_part_grows_while_others_of_it_still_leave() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    scene.scale(&id, "web", 1).await.expect(202);
    scene.scale(&id, "web", 2).await.expect(202);
    assert!(scene.names(&id).await.contains(&"Web web 3".to_owned()));
    scene.work().await;
    assert_eq!(scene.part(&id, "web").await.len(), 2);
    assert_eq!(scene.rows().await, (1, 5, 1));
}

#[tokio::test]
async fn replicas_have_the_same_volumes_and_leave_them_to_the_first() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 3)).await;
    let web = scene.part(&id, "web").await;
    let volumes = async || -> Vec<String> {
        use crate::drivers::engine::Engine as _;
        let all = scene.test.engine.list_volumes().await.unwrap();
        let of_site = all.iter().filter(|volume| volume.key.as_str().ends_with("-site"));
        of_site.map(|volume| volume.key.as_str().to_owned()).collect()
    };
    assert_eq!(volumes().await, [format!("{}-site", web[0])]);
    scene.scale(&id, "web", 1).await.expect(202);
    scene.work().await;
    assert_eq!(volumes().await, [format!("{}-site", web[0])]);
}

#[tokio::test]
async fn it_is_bounded_by_the_blueprint_the_plan_and_permissions() {
    let scene = Scene::with_room(6).await;
    let id = scene.running(&cluster("Web", 2)).await;
    let told = |answer: Value| answer["errors"][0]["message"].as_str().unwrap().to_owned();
    let refused = scene.scale(&id, "web", 9).await.expect(422).json();
    assert_eq!(told(refused), "Use a number from 1 to 8.");
    let refused = scene.scale(&id, "web", 0).await.expect(422).json();
    assert_eq!(told(refused), "Use a number from 1 to 8.");
    let refused = scene.scale(&id, "db", 2).await.expect(422).json();
    assert_eq!(told(refused), "This part is always one server.");
    scene.scale(&id, "roof", 2).await.expect(404);
    let refused = scene.scale(&id, "web", 4).await.expect(409).json();
    assert_eq!(refused["code"], "limit-reached");
    let scopes = [Permission::ServerRead, Permission::ServerCreate];
    let maker = scene.test.program(scene.owner, Some(scene.tenant), &scopes).await;
    let path = format!("/api/v1/stacks/{id}/parts/web/scale");
    maker
        .json("POST", &path, &json!({ "replicas": 3 }))
        .await
        .expect(202);
    let fewer = maker.json("POST", &path, &json!({ "replicas": 1 })).await;
    fewer.expect(403);
    assert_eq!(scene.part(&id, "web").await.len(), 3);
}

#[tokio::test]
async fn a_stopped_stack_grows_by_stopped_servers() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 1)).await;
    let stop = format!("/api/v1/stacks/{id}/actions/stop");
    scene.post(&stop, &json!({})).await.expect(202);
    scene.work().await;
    scene.scale(&id, "web", 2).await.expect(202);
    scene.work().await;
    assert_eq!(scene.stack(&id).await["status"], "stopped");
}
