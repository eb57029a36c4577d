//! Certificates as a whole: true figures, written with the end of a tenant, and of no use to who changes one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::tenants::purge_closed;
use crate::testing::{Client, TestApp};

use super::{NotGenuine, Signed, check};

struct Scene {
    test: TestApp,
    tenant: TenantId,
    owner: UserId,
    program: Client,
    servers: Arc<Servers>,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == side).collect()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        Self {
            program: test.program(ada, Some(tenant), &scopes(Side::Tenant)).await,
            servers: Arc::new(Servers::new(&test.app, location.id)),
            owner: ada,
            tenant,
            test,
        }
    }

    async fn work(&self) {
        while let claimed = self.servers.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                self.servers.reconcile(item).await.unwrap();
            }
        }
    }

    async fn server(&self, name: &str) {
        let new = json!({ "name": name, "template": "static-site", "size": "microcomputer",
            "variables": { "SITE_OWNER": "Ada" } });
        self.program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202);
        self.work().await;
    }

    /// What the volumes of all servers hold, as the sampler would write it.
    async fn measure(&self, bytes: i64) {
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!(
            "insert into usage_disk (server_id, tenant_id, bytes, at) select id, tenant_id, $1, now() from server",
            bytes
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn staff(&self, name: &str) -> (UserId, Client) {
        let user = self.test.staff(name, StaffRole::Admin).await;
        (user, self.test.program(user, None, &scopes(Side::Staff)).await)
    }

    async fn close(&self, staff: &Client) {
        let path = format!("/api/v1/staff/tenants/{}/close", self.tenant);
        let reason = json!({ "reason": "moved away" });
        staff.json("POST", &path, &reason).await.expect(200);
    }

    /// Erases the tenant, whose retention is over then.
    async fn purge(&self) {
        self.test.clock.advance(TimeDelta::days(31));
        let (app, system) = (&self.test.app, self.test.system());
        assert_eq!(purge_closed(app, &system).await.unwrap(), 0, "servers go first");
        self.work().await;
        assert_eq!(purge_closed(app, &system).await.unwrap(), 1);
    }

    async fn people(&self) -> Vec<String> {
        let mut tx = self.test.system().begin().await.unwrap();
        let emails = sqlx::query_scalar!("select email from user_account order by email");
        emails.fetch_all(tx.conn()).await.unwrap()
    }
}

/// The certificate of a tenant.
async fn of(staff: &Client, tenant: TenantId) -> Signed {
    let list = staff
        .get(&format!("/api/v1/staff/certificates?tenant={tenant}"))
        .await
        .expect(200)
        .json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let one = staff
        .get(&format!("/api/v1/staff/certificates/{id}"))
        .await
        .expect(200);
    Signed::read(&one.body).unwrap()
}

#[tokio::test]
async fn a_tenant_that_is_gone_has_a_certificate_with_the_true_figures() {
    let scene = Scene::new().await;
    scene.server("web").await;
    scene.server("shop").await;
    scene.measure(4096).await;
    // Somebody who is in another organisation, too, and one who is not.
    let (other, bob) = (scene.test.tenant("globex").await, scene.test.person("bob").await);
    for tenant in [scene.tenant, other] {
        scene.test.member(tenant, bob, TenantRole::Viewer).await;
    }
    let web = scene
        .program
        .get("/api/v1/servers?q=web")
        .await
        .expect(200)
        .json();
    let web = web["items"][0]["id"].as_str().unwrap().parse().unwrap();
    scene.test.backup(scene.tenant, web).await;
    scene.test.snapshot(scene.tenant, web).await;
    let (root, staff) = scene.staff("root").await;
    scene.close(&staff).await;
    let closed_at = scene.test.app.now();
    scene.purge().await;

    let (_, staff) = scene.staff("root-2").await;
    let signed = of(&staff, scene.tenant).await;
    let document = &signed.document;
    assert_eq!((document.tenant, document.closed_at), (scene.tenant, closed_at));
    assert_eq!(document.closed_by.as_deref(), Some(root.to_string().as_str()));
    assert_eq!(document.purged_at, scene.test.app.now());
    let erased = &document.erased;
    assert_eq!((erased.servers, erased.volumes, erased.bytes), (2, 2, 8192));
    assert_eq!((erased.snapshots, erased.backups, erased.backup_keys), (1, 1, 1));
    assert_eq!((erased.memberships, erased.people, erased.tokens), (2, 1, 1));
    let people = scene.people().await;
    assert!(people.contains(&"bob@example.com".to_owned()), "{people:?}");
    assert!(!people.contains(&"ada@example.com".to_owned()), "{people:?}");
    assert_ne!(scene.owner, bob);

    // It says nobody's name.
    let text = serde_json::to_string(&signed).unwrap();
    for word in ["ada", "acme", "root@", "web", "shop"] {
        assert!(
            !text.to_lowercase().contains(&format!("\"{word}")),
            "{word}: {text}"
        );
    }
    // The audit log has its event, which names the certificate.
    let audit = staff
        .get(&format!("/api/v1/staff/audit-events?tenant={}", scene.tenant))
        .await
        .expect(200)
        .json();
    let event = &audit["items"][0];
    assert_eq!(event["id"], document.audit_event.to_string());
    assert_eq!(event["after"]["certificate"], document.certificate.to_string());
    assert_eq!(check(&scene.test.system(), &signed).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn mail_is_counted_as_it_goes() {
    let scene = Scene::new().await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "with d as (insert into mail_domain (id, tenant_id, name, proof, created_by, created_at, updated_at)
           values (gen_random_uuid(), $1, 'ours.example', 'proof', 'test', now(), now()) returning id, tenant_id)
         insert into mailbox (id, tenant_id, domain_id, local_part, address, used_bytes, created_by, created_at, updated_at)
           select gen_random_uuid(), tenant_id, id, name, name || '@ours.example', 500, 'test', now(), now()
             from d, unnest(array['ada', 'bob']) as name",
        scene.tenant.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (_, staff) = scene.staff("root").await;
    scene.close(&staff).await;
    scene.test.clock.advance(TimeDelta::days(31));
    let mut gone = 0;
    for _ in 0..3 {
        gone += purge_closed(&scene.test.app, &scene.test.system()).await.unwrap();
        // As the mail service would, where there is one.
        scene.test.administer("delete from mail_erasure").await;
    }
    assert_eq!(gone, 1);
    let (_, staff) = scene.staff("root-2").await;
    let signed = of(&staff, scene.tenant).await;
    let erased = &signed.document.erased;
    assert_eq!((erased.mailboxes, erased.mail_bytes), (2, 1000));
    assert_eq!(check(&scene.test.system(), &signed).await.unwrap(), Ok(()));
}

#[test]
fn certificates_from_before_there_was_mail_stay_what_was_signed() {
    let figures = super::Figures::default();
    let text = serde_json::to_string(&figures).unwrap();
    assert!(!text.contains("mail"), "{text}");
    assert_eq!(serde_json::from_str::<super::Figures>(&text).unwrap(), figures);
}

#[tokio::test]
async fn whoever_changes_one_is_found_out() {
    let scene = Scene::new().await;
    scene.server("web").await;
    let (_, staff) = scene.staff("root").await;
    scene.close(&staff).await;
    scene.purge().await;
    let (_, staff) = scene.staff("root-2").await;
    let signed = of(&staff, scene.tenant).await;
    let key = STANDARD.decode(&signed.public_key).unwrap();
    signed.check(&key).unwrap();
    // White space is nobody's business, and any field is.
    let pretty = serde_json::to_string_pretty(&signed).unwrap();
    Signed::read(&pretty).unwrap().check(&key).unwrap();
    let whole: Value = serde_json::from_str(&pretty).unwrap();
    for (place, value) in [
        ("/document/erased/servers", json!(7)),
        ("/document/erased/bytes", json!(1)),
        ("/document/purged_at", json!("2026-04-11T12:00:00Z")),
        ("/document/closed_by", Value::Null),
        ("/document/tenant", json!("ten_01h455vb4pex5vsknk084sn02q")),
        ("/signature", json!(STANDARD.encode([0; 64]))),
    ] {
        let mut changed = whole.clone();
        assert_ne!(changed.pointer(place), Some(&value), "{place}");
        *changed.pointer_mut(place).unwrap() = value;
        let changed = Signed::read(&changed.to_string()).unwrap();
        assert_eq!(changed.check(&key), Err(NotGenuine::Forged), "{place}");
        let told = check(&scene.test.system(), &changed).await.unwrap();
        assert_eq!(told, Err(NotGenuine::Forged), "{place}");
    }
    let mut added = whole.clone();
    added["document"]["note"] = json!("and all copies");
    assert!(Signed::read(&added.to_string()).is_err());
    // One that somebody signed with a key of their own.
    let (pair, _) = super::signing::Pair::generate().unwrap();
    let mut other = signed.clone();
    other.document.erased.servers = 7;
    other.signature = STANDARD.encode(pair.sign(&other.document.text().unwrap()));
    other.public_key = STANDARD.encode(pair.public_key());
    assert_eq!(other.check(&key), Err(NotGenuine::UnknownKey));
    let told = check(&scene.test.system(), &other).await.unwrap();
    assert_eq!(told, Err(NotGenuine::UnknownKey));
}

#[tokio::test]
async fn a_server_that_goes_before_the_end_is_counted_and_one_that_went_before_it_was_closed_is_not() {
    let scene = Scene::new().await;
    scene.server("early").await;
    scene.server("kept").await;
    scene.server("late").await;
    let list = scene.program.get("/api/v1/servers").await.expect(200).json();
    let id = |name: &str| {
        let items = list["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    for name in ["early", "kept"] {
        let one = format!("/api/v1/servers/{}", id(name));
        scene.program.json("DELETE", &one, &json!({})).await.expect(202);
    }
    let erase = format!("/api/v1/servers/{}/erase", id("early"));
    scene.program.json("POST", &erase, &json!({})).await.expect(202);
    scene.work().await;
    let (_, staff) = scene.staff("root").await;
    scene.close(&staff).await;
    // Its own time is over before the organisation's.
    scene.test.clock.advance(TimeDelta::days(29));
    scene.work().await;
    scene.purge().await;
    let (_, staff) = scene.staff("root-2").await;
    assert_eq!(of(&staff, scene.tenant).await.document.erased.servers, 2);
}

#[tokio::test]
async fn a_key_that_is_rotated_still_signs_and_old_certificates_stay_genuine() {
    let folder = std::env::temp_dir().join(format!("berth-certificates-{}", std::process::id()));
    let test = TestApp::with(|config| config.data_dir.clone_from(&folder)).await;
    let tenants = [test.tenant("acme").await, test.tenant("globex").await];
    let root = test.staff("root", StaffRole::Admin).await;
    let mut all = Vec::new();
    for tenant in tenants {
        let staff = test.program(root, None, &scopes(Side::Staff)).await;
        let reason = json!({ "reason": "gone" });
        let path = format!("/api/v1/staff/tenants/{tenant}/close");
        staff.json("POST", &path, &reason).await.expect(200);
        test.clock.advance(TimeDelta::days(31));
        assert_eq!(purge_closed(&test.app, &test.system()).await.unwrap(), 1);
        let staff = test.program(root, None, &scopes(Side::Staff)).await;
        all.push(of(&staff, tenant).await);
        let file = test.app.config.key_file();
        let done = servers::rotate_key(&test.system(), &file).await.unwrap();
        assert!(done.is_new && done.sealed >= 1, "{done:?}");
        servers::forget_old_keys(&test.system(), &file).await.unwrap();
    }
    assert_eq!(all[0].key, all[1].key);
    for signed in &all {
        assert_eq!(check(&test.system(), signed).await.unwrap(), Ok(()));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn staff_see_and_print_it_and_others_do_not() {
    let scene = Scene::new().await;
    let (root, staff) = scene.staff("root").await;
    let browser = scene.test.browser(root).await;
    let empty = browser.get("/staff/certificates").await.expect(200);
    assert!(empty.body.contains("No organisation was erased yet"));
    scene.close(&staff).await;
    scene.test.clock.advance(TimeDelta::days(31));
    purge_closed(&scene.test.app, &scene.test.system()).await.unwrap();
    let (root, staff) = scene.staff("root-2").await;
    let browser = scene.test.browser(root).await;
    let signed = of(&staff, scene.tenant).await;
    let id = signed.document.certificate;
    let list = browser.get("/staff/certificates").await.expect(200);
    assert!(list.body.contains(&format!("/staff/certificates/{id}")));
    let page = browser
        .get(&format!("/staff/certificates/{id}"))
        .await
        .expect(200);
    assert!(page.body.contains(&scene.tenant.to_string()) && page.body.contains(&signed.signature));
    let file = browser
        .get(&format!("/staff/certificates/{id}/file"))
        .await
        .expect(200);
    assert_eq!(Signed::read(&file.body).unwrap(), signed);
    let unknown = "/staff/certificates/crt_01h455vb4pex5vsknk084sn02q";
    browser.get(unknown).await.expect(404);
}
