//! What is refused while something is wrong, what goes on when that is over, and what attached volumes are kept out of.

use crate::drivers::engine::fake::Call;
use crate::platform::access::StaffRole;

use super::*;

const IMAGE: &str = "registry.example/lines:1";
const INSTALLER: &str = "registry.example/installer:1";

impl Scene {
    /// A server of an imported template that has a script to install it.
    async fn game(&self) -> String {
        self.test.engine.add_to_registry(IMAGE);
        self.test.engine.add_to_registry(INSTALLER);
        let root = self.test.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffCatalogueRead, Permission::StaffCatalogueManage];
        let staff = self.test.program(root, None, &scopes).await;
        let egg = json!({ "name": "Lines", "docker_images": { "One": IMAGE }, "startup": "./lines",
            "config": { "files": {}, "startup": {}, "stop": "end" }, "variables": [],
            "scripts": { "installation": { "script": "true", "container": INSTALLER, "entrypoint": "sh" } } });
        staff
            .json("POST", "/api/v1/staff/eggs", &json!({ "egg": egg }))
            .await
            .expect(201);
        let new = json!({ "name": "game", "template": "lines", "size": "small-box" });
        let made = self.post("/api/v1/servers", new).await.expect(202).json();
        self.work().await;
        made["server"]["id"].as_str().unwrap().to_owned()
    }

    async fn engine_state(&self, server: &str) -> Value {
        self.get(&format!("/api/v1/servers/{server}")).await["engine_state"].clone()
    }
}

#[tokio::test]
async fn a_script_that_installs_a_server_does_not_see_what_is_attached() {
    let scene = Scene::new().await;
    let server = scene.game().await;
    let id = scene.volume("media", 64).await;
    scene.attach(&id, &server, "/shared").await;
    assert_eq!(scene.engine_state(&server).await, "running");
    let path = format!("/api/v1/servers/{server}/reinstall");
    scene.post(&path, json!({})).await.expect(202);
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::RunTask), 2, "once anew");
    assert_eq!(scene.engine_state(&server).await, "running");
    assert_eq!(scene.mounted(&server), [("/shared".to_owned(), false)]);
}

#[tokio::test]
async fn one_that_is_lost_is_neither_resized_nor_attached_and_goes_on_when_it_is_back() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    let volume = format!("/api/v1/volumes/{id}");
    // The size is wished for, and before anybody has looked the volume is not there.
    let larger = json!({ "size_mib": 128 });
    let asked = scene.program.json("PATCH", &volume, &larger).await.expect(202);
    scene.note(&BTreeSet::new()).await;
    scene.work().await;
    assert_eq!(scene.find(&id).await["state"], "missing");
    let refused = scene
        .program
        .json("PATCH", &volume, &json!({ "size_mib": 256 }))
        .await;
    assert_eq!(refused.expect(409).json()["code"], "volume-missing");
    let refused = scene.ask(&id, &server, "/shared").await;
    assert_eq!(refused.expect(409).json()["code"], "volume-missing");
    scene.note(&BTreeSet::from([id.as_str()])).await;
    scene.work().await;
    let found = scene.find(&id).await;
    assert_eq!(
        (&found["state"], &found["size_mib"]),
        (&json!("ready"), &json!(128))
    );
    assert_eq!(scene.operation(&asked.json()).await["state"], "succeeded");
}

#[tokio::test]
async fn what_can_t_be_made_anew_keeps_what_it_has() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.attach(&id, &server, "/shared").await;
    scene
        .test
        .administer("update server set template = 'gone' where name = 'web'")
        .await;
    let way = format!("/api/v1/volumes/{id}/attachments/{server}");
    let refused = scene.delete(&way).await.expect(409).json();
    assert_eq!(refused["code"], "template-gone");
    scene.power(&server, "stop").await;
    scene.power(&server, "start").await;
    assert_eq!(scene.engine_state(&server).await, "running");
    assert_eq!(scene.mounted(&server).len(), 1);
}
