//! What plans allow of mail: who may say so, that it holds at once, and that of two who want the last one gets it.

use serde_json::{Value, json};

use crate::platform::access::{StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{PlanId, TenantId};
use crate::testing::TestApp;

use super::{Limits, WhenSuspended};

async fn plan_of(app: &TestApp, tenant: TenantId) -> PlanId {
    let mut tx = app.app.db.system().await.unwrap();
    let plan = sqlx::query_scalar!("select plan_id from tenant where id = $1", tenant.0)
        .fetch_one(tx.conn())
        .await
        .unwrap();
    PlanId(plan)
}

async fn limits(app: &TestApp, tenant: TenantId) -> Limits {
    let mut tx = app.app.db.system().await.unwrap();
    super::of_tenant(&mut tx, tenant).await.unwrap()
}

fn body() -> Value {
    json!({
        "max_domains": 1, "max_mailboxes": 2, "max_aliases": 3, "max_mail_mib": 4, "hourly_limit": 5,
        "when_suspended": "refuse",
    })
}

#[tokio::test]
async fn a_plan_without_a_row_allows_what_the_columns_say() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let plan = plan_of(&app, tenant).await;
    assert_eq!(limits(&app, tenant).await, Limits::default());
    app.administer("insert into plan_mail (plan_id, updated_at) select id, now() from plan")
        .await;
    assert_eq!(limits(&app, tenant).await, Limits::default(), "{plan}");
}

#[tokio::test]
async fn what_a_plan_allows_is_said_by_programs() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let plan = plan_of(&app, tenant).await;
    let admin = app.staff("admin", StaffRole::Admin).await;
    let scopes = [
        crate::platform::access::Permission::StaffPlanRead,
        crate::platform::access::Permission::StaffPlanManage,
    ];
    let staff = app.program(admin, None, &scopes).await;
    let path = format!("/api/v1/staff/plans/{plan}/mail");
    let usual = staff.get(&path).await.expect(200).json();
    assert_eq!(
        (&usual["max_domains"], &usual["when_suspended"]),
        (&json!(5), &json!("accept"))
    );
    let saved = staff.json("PUT", &path, &body()).await.expect(200).json();
    assert_eq!(saved, body());
    let now = limits(&app, tenant).await;
    assert_eq!((now.max_domains, now.when_suspended), (1, WhenSuspended::Refuse));
    let mut wrong = body();
    wrong["max_mailboxes"] = json!(-1);
    let refused = staff.json("PUT", &path, &wrong).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "max_mailboxes", "{refused}");
    let nowhere = "/api/v1/staff/plans/pln_00000000000000000000000000/mail";
    staff.get(nowhere).await.expect(404);
    let support = app.staff("support", StaffRole::Support).await;
    let support = app.browser(support).await;
    support
        .get(&format!("/staff/plans/{plan}/mail"))
        .await
        .expect(403);
}

#[tokio::test]
async fn what_a_plan_allows_is_chosen_on_its_page() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let plan = plan_of(&app, tenant).await;
    let admin = app.staff("admin", StaffRole::Admin).await;
    let admin = app.browser(admin).await;
    let path = format!("/staff/plans/{plan}/mail");
    let above = admin.get(&format!("/staff/plans/{plan}")).await.expect(200);
    assert!(above.body.contains(&path), "the plan's page leads there");
    admin.get(&path).await.expect(200);
    let fields = |domains: &'static str, version: &'static str| {
        [
            ("max_domains", domains),
            ("max_mailboxes", "7"),
            ("max_aliases", "8"),
            ("max_mail_mib", "9"),
            ("hourly_limit", "10"),
            ("when_suspended", "refuse"),
            ("version", version),
        ]
    };
    let wrong = admin.post(&path, &fields("many", "0")).await.expect(422);
    assert!(wrong.body.contains("from 0 to 10000"), "{}", wrong.body);
    assert!(
        wrong.body.contains("value=\"refuse\" selected"),
        "what was chosen is kept"
    );
    admin.post(&path, &fields("6", "0")).await.expect(303);
    admin.post(&path, &fields("7", "0")).await.expect(412);
    let now = limits(&app, tenant).await;
    assert_eq!((now.max_domains, now.hourly_limit), (6, 10));
}

/// How many rows of sums somebody else could lock now.
async fn free(app: &TestApp, tenant: TenantId) -> i64 {
    let mut tx = app.app.db.system().await.unwrap();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (select from mail_total where tenant_id = $1 for update skip locked) t"#,
        tenant.0
    );
    count.fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn whoever_adds_something_holds_the_sums_of_the_tenant() {
    let app = TestApp::start().await;
    let (tenant, other) = (app.tenant("acme").await, app.tenant("other").await);
    let user = app.person("ada").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let mut first = app.app.db.tenant(tenant, user).await.unwrap();
    let none = super::Totals::default();
    assert_eq!(
        super::lock(&mut first, tenant).await.unwrap(),
        none,
        "a row is made"
    );
    first.commit().await.unwrap();
    assert_eq!(free(&app, tenant).await, 1);
    let mut second = app.app.db.tenant(tenant, user).await.unwrap();
    super::lock(&mut second, tenant).await.unwrap();
    assert_eq!(free(&app, tenant).await, 0, "it is not to be had meanwhile");
    drop(second);
    let mut strange = app.app.db.tenant(tenant, user).await.unwrap();
    super::lock(&mut strange, other).await.unwrap_err();
}
