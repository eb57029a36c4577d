//! Members: roles, the last owner, leaving.

use serde_json::json;

use crate::platform::access::{Permission, TenantRole};
use crate::platform::ids::{TenantId, UserId};
use crate::testing::{Client, TestApp};

async fn join(app: &TestApp, tenant: TenantId, name: &str, role: TenantRole) -> (UserId, Client) {
    let user = app.person(name).await;
    app.member(tenant, user, role).await;
    (user, app.browser(user).await)
}

#[tokio::test]
async fn a_manager_leaves_owners_alone() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (owner, _) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (viewer, _) = join(&app, acme, "vera", TenantRole::Viewer).await;
    let (_, manager) = join(&app, acme, "max", TenantRole::Manager).await;
    let page = manager.get("/t/acme/members").await.expect(200);
    assert!(page.body.contains(&format!("{viewer}/role")) && !page.body.contains(&format!("{owner}/role")));
    let path = |user: UserId, verb: &str| format!("/t/acme/members/{user}/{verb}");
    manager
        .post(&path(owner, "role"), &[("role", "viewer")])
        .await
        .expect(403);
    manager.post(&path(owner, "remove"), &[]).await.expect(403);
    manager
        .post(&path(viewer, "role"), &[("role", "owner")])
        .await
        .expect(403);
    manager
        .post(&path(viewer, "role"), &[("role", "operator")])
        .await
        .expect(303);
    assert!(
        manager
            .get("/t/acme/members")
            .await
            .body
            .contains("vera is an operator now.")
    );
    manager
        .post(
            "/t/acme/members/invitations",
            &[("email", "x@example.com"), ("role", "owner")],
        )
        .await
        .expect(403);
    manager.post(&path(viewer, "remove"), &[]).await.expect(303);
    manager.post(&path(viewer, "remove"), &[]).await.expect(404);
}

#[tokio::test]
async fn a_token_does_not_come_back_with_its_owner() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (_, owner) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (vera, _) = join(&app, acme, "vera", TenantRole::Viewer).await;
    let other = app.tenant("other").await;
    app.member(other, vera, TenantRole::Viewer).await;
    let ours = app.program(vera, Some(acme), &[Permission::ServerRead]).await;
    let theirs = app.program(vera, Some(other), &[Permission::ServerRead]).await;
    ours.get("/api/v1/me").await.expect(200);
    owner
        .post(&format!("/t/acme/members/{vera}/remove"), &[])
        .await
        .expect(303);
    app.member(acme, vera, TenantRole::Viewer).await;
    ours.get("/api/v1/me").await.expect(401);
    theirs.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn the_last_owner_stays_and_says_why() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (olga, owner) = join(&app, acme, "olga", TenantRole::Owner).await;
    owner.post("/t/acme/leave", &[]).await.expect(303);
    assert!(
        owner
            .get("/t/acme/members")
            .await
            .expect(200)
            .body
            .contains("This is the last owner.")
    );
    let scopes = [Permission::MemberRead, Permission::MemberManage];
    let program = app.program(olga, Some(acme), &scopes).await;
    let path = format!("/api/v1/members/{olga}");
    let refused = program
        .json("PATCH", &path, &json!({"role": "viewer"}))
        .await
        .expect(409);
    assert_eq!(refused.json()["code"], "last-owner");
    join(&app, acme, "otto", TenantRole::Owner).await;
    owner.post("/t/acme/leave", &[]).await.expect(303);
    owner.get("/t/acme/members").await.expect(404);
}

#[tokio::test]
async fn two_owners_cannot_make_each_other_viewers_at_once() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (olga, one) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (otto, two) = join(&app, acme, "otto", TenantRole::Owner).await;
    let (first, second) = (
        format!("/t/acme/members/{otto}/role"),
        format!("/t/acme/members/{olga}/role"),
    );
    let (first, second) = tokio::join!(
        one.post(&first, &[("role", "viewer")]),
        two.post(&second, &[("role", "viewer")])
    );
    // Whoever comes second is no owner any more, however far both requests had come.
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
    let left = [(&one, olga), (&two, otto)];
    let mut owners = 0;
    for (browser, user) in left {
        let program = app.program(user, Some(acme), &[Permission::MemberRead]).await;
        let role = program
            .get(&format!("/api/v1/members/{user}"))
            .await
            .expect(200)
            .json()["role"]
            .clone();
        owners += usize::from(role == "owner");
        browser.get("/t/acme/members").await.expect(200);
    }
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn two_owners_cannot_leave_at_once() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (_, one) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (_, two) = join(&app, acme, "otto", TenantRole::Owner).await;
    tokio::join!(
        async { one.post("/t/acme/leave", &[]).await.expect(303) },
        async { two.post("/t/acme/leave", &[]).await.expect(303) }
    );
    let mut pages = [
        one.get("/t/acme/members").await.status,
        two.get("/t/acme/members").await.status,
    ];
    pages.sort_unstable();
    assert_eq!(pages, [200, 404], "one has left and one has stayed");
}

#[tokio::test]
async fn anybody_may_leave_and_is_gone_at_once() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    join(&app, acme, "olga", TenantRole::Owner).await;
    let (_, viewer) = join(&app, acme, "vera", TenantRole::Viewer).await;
    let page = viewer.get("/t/acme/members").await.expect(200);
    assert!(!page.body.contains("Invite somebody") && page.body.contains("(you)"));
    viewer.post("/t/acme/leave", &[]).await.expect(303);
    viewer.get("/t/acme/members").await.expect(404);
}

#[tokio::test]
async fn a_program_may_leave_for_its_owner_and_the_last_owner_stays() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (olga, owner) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (vera, _) = join(&app, acme, "vera", TenantRole::Viewer).await;
    let scopes = [Permission::TenantLeave];
    let program = app.program(olga, Some(acme), &scopes).await;
    let refused = program.json("POST", "/api/v1/tenant/leave", &json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &json!("last-owner"))
    );
    let program = app.program(vera, Some(acme), &scopes).await;
    // Who may only look may leave, also when nothing else may be changed.
    app.suspend(acme).await;
    program
        .json("POST", "/api/v1/tenant/leave", &json!({}))
        .await
        .expect(204);
    program.get("/api/v1/me").await.expect(401);
    let log = owner.get("/t/acme/audit.csv").await.expect(200).body;
    assert!(
        log.contains("member.leave") && log.contains("vera@example.com"),
        "{log}"
    );
}

#[tokio::test]
async fn another_tenants_members_do_not_exist() {
    let app = TestApp::start().await;
    let (acme, other) = (app.tenant("acme").await, app.tenant("other").await);
    let (olga, _) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (omar, stranger) = join(&app, other, "omar", TenantRole::Owner).await;
    stranger.get("/t/acme/members").await.expect(404);
    stranger
        .post(&format!("/t/other/members/{olga}/remove"), &[])
        .await
        .expect(404);
    let program = app
        .program(
            omar,
            Some(other),
            &[Permission::MemberRead, Permission::MemberManage],
        )
        .await;
    program.get(&format!("/api/v1/members/{olga}")).await.expect(404);
    program
        .json("DELETE", &format!("/api/v1/members/{olga}"), &json!({}))
        .await
        .expect(404);
    let list = program.get("/api/v1/members").await.expect(200);
    assert_eq!(super::names(&list), ["omar"]);
}

#[tokio::test]
async fn staff_manage_a_tenants_members() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let (olga, _) = join(&app, acme, "olga", TenantRole::Owner).await;
    let (vera, _) = join(&app, acme, "vera", TenantRole::Viewer).await;
    let program = super::admin_program(&app).await;
    let path = format!("/api/v1/staff/tenants/{acme}/members");
    assert_eq!(super::names(&program.get(&path).await), ["olga", "vera"]);
    program
        .json("PATCH", &format!("{path}/{vera}"), &json!({"role": "owner"}))
        .await
        .expect(200);
    program
        .json("DELETE", &format!("{path}/{olga}"), &json!({}))
        .await
        .expect(204);
    program
        .json("DELETE", &format!("{path}/{vera}"), &json!({}))
        .await
        .expect(409);
    let browser = super::admin(&app).await;
    let to = format!("/staff/tenants/{acme}/members");
    browser
        .post(&format!("{to}/{vera}/remove"), &[])
        .await
        .expect(303);
    assert!(browser.get(&to).await.body.contains("This is the last owner."));
}

#[tokio::test]
async fn an_invitation_takes_a_seat_until_it_is_taken_back() {
    let app = TestApp::start().await;
    let program = super::admin_program(&app).await;
    let plan = super::plan(&program, "Starter", 3).await;
    let acme = super::id(&super::tenant(&program, "Acme", &plan).await);
    let path = format!("/api/v1/staff/tenants/{acme}/invitations");
    let mut made = Vec::new();
    for name in ["ada", "bob", "cid"] {
        let body = json!({"email": format!("{name}@example.com"), "role": "owner"});
        let answer = program.json("POST", &path, &body).await.expect(201).json();
        assert!(answer["url"].as_str().unwrap().contains("/invite/"));
        made.push(answer["id"].as_str().unwrap().to_owned());
    }
    let used = program.get(&format!("/api/v1/staff/tenants/{acme}")).await.json()["usage"]["members"].clone();
    assert_eq!(used, 3);
    let one_more = json!({"email": "dan@example.com", "role": "viewer"});
    let refused = program.json("POST", &path, &one_more).await.expect(409);
    assert_eq!(refused.json()["code"], "limit-reached");
    program
        .json("DELETE", &format!("{path}/{}", made[0]), &json!({}))
        .await
        .expect(204);
    program.json("POST", &path, &one_more).await.expect(201);
    assert_eq!(
        program.get(&path).await.json()["items"].as_array().unwrap().len(),
        3
    );
}
