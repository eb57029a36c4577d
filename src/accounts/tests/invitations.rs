//! Inviting people and joining.

use chrono::TimeDelta;

use crate::accounts::NewInvitation;
use crate::platform::access::{StaffRole, TenantRole, TenantScope, Via, Who};
use crate::platform::error::Error;
use crate::platform::ids::{SessionId, TenantId};

use super::*;

/// What the guard would give to a member's session.
async fn scope(app: &TestApp, tenant: TenantId, user: UserId) -> TenantScope {
    let cookie = session(&app.browser(user).await).unwrap();
    let actor = app
        .app
        .authenticate
        .session(&app.app.db, &cookie)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(actor.via, Via::Session(SessionId(_))));
    let member = actor
        .memberships
        .iter()
        .find(|member| member.tenant == tenant)
        .unwrap()
        .clone();
    TenantScope::new(
        app.app.db.clone(),
        Who::actor(&actor, "192.0.2.1", "r"),
        actor,
        member,
    )
}

struct Scene {
    app: TestApp,
    tenant: TenantId,
    owner: TenantScope,
}

async fn scene() -> Scene {
    let app = TestApp::start().await;
    let (tenant, ada) = (app.tenant("acme").await, app.person("ada").await);
    app.member(tenant, ada, TenantRole::Owner).await;
    let owner = scope(&app, tenant, ada).await;
    Scene { app, tenant, owner }
}

impl Scene {
    async fn invite(&self, email: &str, role: &str) -> Result<String, Error> {
        let link = actions::invite(&self.app.app, &self.owner, &NewInvitation { email, role }).await?;
        Ok(format!("/invite/{}", token_of(&link.url)))
    }

    async fn members(&self) -> i64 {
        let mut tx = self.app.system().begin().await.unwrap();
        let count = sqlx::query_scalar!(
            r#"select count(*) as "n!" from membership where tenant_id = $1"#,
            self.tenant.0
        );
        count
            .fetch_one(crate::platform::db::Scoped::conn(&mut tx))
            .await
            .unwrap()
    }
}

const NEW: [(&str, &str); 2] = [("name", "Grace"), ("password", GOOD)];

#[tokio::test]
async fn a_new_person_joins_once() {
    let scene = scene().await;
    let link = scene.invite("Grace@Example.com", "operator").await.unwrap();
    let browser = scene.app.anonymous();
    let page = browser.get(&link).await.expect(200);
    assert!(
        page.body.contains("grace@example.com")
            && page.body.contains("Acme")
            && page.body.contains("operator")
    );
    let answer = browser.post(&link, &NEW).await.expect(303);
    assert_eq!(answer.location(), "/t/acme");
    let cookie = session(&browser).unwrap();
    let actor = scene
        .app
        .app
        .authenticate
        .session(&scene.app.app.db, &cookie)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(actor.memberships[0].role(), Some(TenantRole::Operator));
    scene.app.anonymous().post(&link, &NEW).await.expect(404);
    assert_eq!(
        audited(&scene.app).await,
        ["invitation.create", "invitation.accept"]
    );
}

#[tokio::test]
async fn of_two_at_once_one_joins() {
    let scene = scene().await;
    let link = scene.invite("grace@example.com", "viewer").await.unwrap();
    let (one, other) = (scene.app.anonymous(), scene.app.anonymous());
    let (first, second) = tokio::join!(one.post(&link, &NEW), other.post(&link, &NEW));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(scene.members().await, 2);
}

#[tokio::test]
async fn somebody_with_an_account_signs_in_first_and_joins_as_themselves() {
    let scene = scene().await;
    person(&scene.app, "grace").await;
    let link = scene.invite("grace@example.com", "manager").await.unwrap();
    let browser = scene.app.anonymous();
    let page = browser.get(&link).await.expect(200);
    assert!(
        page.body.contains(&format!("/sign-in?next={link}")),
        "{}",
        page.body
    );
    browser.post(&link, &NEW).await.expect(409);
    let eve = scene.app.browser(scene.app.person("eve").await).await;
    assert!(
        eve.get(&link)
            .await
            .expect(200)
            .body
            .contains("for somebody else")
    );
    eve.post(&link, &[]).await.expect(403);
    sign_in(&browser, "grace", GOOD).await.expect(303);
    assert_eq!(browser.post(&link, &[]).await.expect(303).location(), "/t/acme");
    browser.post(&link, &[]).await.expect(404);
    assert_eq!(scene.members().await, 2);
}

#[tokio::test]
async fn links_end_by_time_by_hand_and_by_a_newer_one() {
    let scene = scene().await;
    let app = &scene.app;
    let first = scene.invite("grace@example.com", "viewer").await.unwrap();
    let second = scene.invite("grace@example.com", "operator").await.unwrap();
    app.anonymous().get(&first).await.expect(404);
    let open = actions::invitations(&app.app, &scene.owner).await.unwrap();
    assert_eq!(open.len(), 1);
    actions::revoke_invitation(&app.app, &scene.owner, open[0].id)
        .await
        .unwrap();
    app.anonymous().get(&second).await.expect(404);
    let late = scene.invite("grace@example.com", "viewer").await.unwrap();
    app.clock.advance(TimeDelta::days(7));
    app.anonymous().get(&late).await.expect(404);
    app.anonymous().post(&late, &NEW).await.expect(404);
}

#[tokio::test]
async fn managers_touch_no_owners() {
    let scene = scene().await;
    let bob = scene.app.person("bob").await;
    scene.app.member(scene.tenant, bob, TenantRole::Manager).await;
    let manager = scope(&scene.app, scene.tenant, bob).await;
    let app = &scene.app.app;
    let owner = NewInvitation {
        email: "eve@example.com",
        role: "owner",
    };
    assert_eq!(
        actions::invite(app, &manager, &owner).await.unwrap_err().status(),
        403
    );
    scene.invite("eve@example.com", "owner").await.unwrap();
    let open = actions::invitations(app, &manager).await.unwrap();
    let refused = actions::revoke_invitation(app, &manager, open[0].id).await;
    assert_eq!(refused.unwrap_err().status(), 403);
    let viewer = NewInvitation {
        email: "v@example.com",
        role: "viewer",
    };
    actions::invite(app, &manager, &viewer).await.unwrap();
    for (email, role, field) in [
        ("ada@example.com", "viewer", "email"),
        ("nonsense", "viewer", "email"),
        ("x@example.com", "king", "role"),
    ] {
        let Err(Error::Invalid(errors)) = scene.invite(email, role).await else {
            panic!("{email} {role}")
        };
        assert_eq!(errors.0[0].field, field);
    }
}

#[tokio::test]
async fn the_plan_limits_members_even_in_a_race() {
    let scene = scene().await;
    let links = [
        scene.invite("one@example.com", "viewer").await.unwrap(),
        scene.invite("two@example.com", "viewer").await.unwrap(),
    ];
    let mut tx = scene.app.system().begin().await.unwrap();
    sqlx::query!("update plan set max_members = 2")
        .execute(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (one, two) = (scene.app.anonymous(), scene.app.anonymous());
    let (first, second) = tokio::join!(one.post(&links[0], &NEW), two.post(&links[1], &NEW));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(scene.members().await, 2);
    let full = scene.invite("three@example.com", "viewer").await.unwrap_err();
    assert!(matches!(full, Error::LimitReached { limit: 2, .. }), "{full:?}");
}

#[tokio::test]
async fn another_tenant_sees_and_revokes_nothing() {
    let scene = scene().await;
    let link = scene.invite("grace@example.com", "viewer").await.unwrap();
    let id = actions::invitations(&scene.app.app, &scene.owner).await.unwrap()[0].id;
    let (other, eve) = (scene.app.tenant("other").await, scene.app.person("eve").await);
    scene.app.member(other, eve, TenantRole::Owner).await;
    let stranger = scope(&scene.app, other, eve).await;
    assert!(
        actions::invitations(&scene.app.app, &stranger)
            .await
            .unwrap()
            .is_empty()
    );
    let refused = actions::revoke_invitation(&scene.app.app, &stranger, id).await;
    assert_eq!(refused.unwrap_err().status(), 404);
    scene.app.anonymous().get(&link).await.expect(200);
}

#[tokio::test]
async fn a_closed_tenant_takes_nobody() {
    let scene = scene().await;
    let link = scene.invite("grace@example.com", "viewer").await.unwrap();
    let mut tx = scene.app.system().begin().await.unwrap();
    sqlx::query!("update tenant set status = 'closed', status_reason = 'left', purge_after = status_at")
        .execute(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.app.anonymous().get(&link).await.expect(404);
    scene.app.anonymous().post(&link, &NEW).await.expect(404);
}

#[tokio::test]
async fn staff_are_invited_by_staff() {
    let app = TestApp::start().await;
    let admin = app.browser(app.staff("ada", StaffRole::Admin).await).await;
    let form = admin.get("/staff/people/invite").await.expect(200);
    assert!(!form.body.contains("value=\"owner\""), "an admin makes no owner");
    let path = "/staff/people/invite";
    admin
        .post(path, &[("email", "eve@example.com"), ("role", "owner")])
        .await
        .expect(403);
    admin
        .post(path, &[("email", "ada@example.com"), ("role", "support")])
        .await
        .expect(422);
    let made = admin
        .post(path, &[("email", "grace@example.com"), ("role", "support")])
        .await
        .expect(200);
    let link = format!("/invite/{}", token_of(&text_of(&made, "link")));
    assert!(
        admin
            .get("/staff/people")
            .await
            .body
            .contains("grace@example.com")
    );
    let grace = app.anonymous();
    assert_eq!(grace.post(&link, &NEW).await.expect(303).location(), "/staff");
    grace.get("/staff/people").await.expect(200);
    grace.get("/staff/people/invite").await.expect(403);
}
