//! What an erased server had, restored over another one: by members on their page, and by staff on their behalf.

use serde_json::json;

use crate::platform::access::{Permission, StaffRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{OperationId, ServerId, TenantId};

use super::Scene;
use super::whole::backup;

impl Scene {
    /// A backup of a server that is gone, one server that it fits, and one of another template.
    async fn erased(&self) -> (String, ServerId) {
        let id = backup(self).await;
        let other = self.test.server(self.tenant, "elsewhere").await;
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!("update backup set server_id = null")
            .execute(tx.conn())
            .await
            .unwrap();
        sqlx::query!("update server set template = 'redis' where id = $1", other.0)
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        (id, other)
    }

    /// The work of the only restore in place.
    async fn restoring(&self) -> Option<serde_json::Value> {
        let found = sqlx::query_scalar!("select operation_id from backup_restore where kind = 'over'");
        let mut tx = self.test.system().begin().await.unwrap();
        let operation = found.fetch_optional(tx.conn()).await.unwrap().flatten();
        operation.map(|id| json!(OperationId(id).to_string()))
    }
}

#[tokio::test]
async fn a_member_chooses_among_the_servers_that_it_fits() {
    let scene = Scene::new().await;
    let (id, other) = scene.erased().await;
    let ada = scene.test.browser(scene.owner).await;
    let way = format!("/t/acme/backups/{id}");
    let list = ada.get("/t/acme/backups").await.expect(200).body;
    assert!(list.contains(&format!("href=\"{way}\"")), "{list}");
    let page = ada.get(&way).await.expect(200).body;
    let over = |server: ServerId| format!("/t/acme/servers/{server}/backups/{id}/restore-over");
    assert!(page.contains(&over(scene.server)), "{page}");
    assert!(!page.contains(&over(other)), "{page}");
    // Only who types its name means it.
    let refused = ada.post(&over(scene.server), &[("confirm", "another")]).await;
    assert_eq!(refused.expect(303).location(), way);
    let refused = ada.post(&over(other), &[("confirm", "elsewhere")]).await;
    assert_eq!(refused.expect(303).location(), way);
    assert_eq!(scene.restoring().await, None);
    let asked = ada
        .post(&over(scene.server), &[("confirm", "web")])
        .await
        .expect(303);
    assert_eq!(
        asked.location(),
        format!("/t/acme/servers/{}/backups", scene.server)
    );
    let operation = scene.restoring().await.unwrap();
    assert_eq!(scene.settle(&operation).await["state"], "succeeded");
    let listed = scene.program.get("/api/v1/backups").await.expect(200).json();
    let known = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == json!(id));
    assert_eq!(known.unwrap()["template"], "static-site");
}

#[tokio::test]
async fn staff_restore_on_a_tenants_behalf() {
    let scene = Scene::new().await;
    let (id, other) = scene.erased().await;
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let (read, write) = (Permission::StaffBackupRead, Permission::StaffBackupManage);
    let power = Permission::StaffServerPower;
    let staff = scene.test.program(root, None, &[read, write, power]).await;
    let listed = format!("/api/v1/staff/tenants/{}/backups", scene.tenant);
    let listed = staff.get(&listed).await.expect(200).json();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["server_id"]),
        (&json!(id), &json!(null))
    );
    let over = |server: ServerId| format!("/api/v1/staff/servers/{server}/backups/{id}/restore-over");
    let weak = scene.test.program(root, None, &[read, write]).await;
    weak.json("POST", &over(scene.server), &json!({}))
        .await
        .expect(403);
    let refused = staff.json("POST", &over(other), &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "backup-of-another-kind");
    // A backup never leaves its tenant.
    let (tenant, name) = (scene.test.tenant("globex").await, "theirs");
    let theirs = scene.test.server(tenant, name).await;
    staff.json("POST", &over(theirs), &json!({})).await.expect(404);
    let boss = scene.test.browser(root).await;
    let page = |tenant: TenantId| format!("/staff/tenants/{tenant}/backups/{id}");
    boss.get(&page(tenant)).await.expect(404);
    let home = format!("/staff/tenants/{}", scene.tenant);
    let tabs = boss.get(&home).await.expect(200).body;
    assert!(tabs.contains(&format!("{home}/backups")), "{tabs}");
    let list = boss.get(&format!("{home}/backups")).await.expect(200).body;
    assert!(list.contains(&page(scene.tenant)), "{list}");
    let shown = boss.get(&page(scene.tenant)).await.expect(200).body;
    let way = format!("/staff/servers/{}/backups/{id}/restore-over", scene.server);
    assert!(shown.contains(&way), "{shown}");
    let refused = boss.post(&way, &[("confirm", "another")]).await.expect(303);
    assert_eq!(refused.location(), page(scene.tenant));
    let asked = boss.post(&way, &[("confirm", "web")]).await.expect(303);
    assert_eq!(asked.location(), format!("/staff/servers/{}", scene.server));
    let again = staff.json("POST", &over(scene.server), &json!({})).await;
    assert_eq!(again.expect(409).json()["code"], "restore-under-way");
    let operation = scene.restoring().await.unwrap();
    assert_eq!(scene.settle(&operation).await["state"], "succeeded");
}
