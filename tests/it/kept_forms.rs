//! A form that is sent after its session has ended comes back filled in, to the same person, without its secrets, and nothing
//! is done before it is sent once more.

use berth::accounts;
use berth::platform::access::{StaffRole, TenantRole};
use berth::platform::db::Scoped as _;
use berth::platform::ids::{TenantId, UserId};
use berth::platform::web::{CHANGED, RETURNED, SESSION_COOKIE};
use berth::testing::{Answer, Client, TestApp};
use chrono::TimeDelta;
use scraper::{Html, Selector};

use crate::access_walk::Scene;

const EGG: &str = r#"{"meta": {"version": "PTDL_v2"}, "name": "Kept", "author": "ann@example.com", "description": "Kept",
    "docker_images": {"Kept": "example.com/kept:1"}, "startup": "./kept", "config": {"files": "{}", "startup": "{}", "logs": "{}",
    "stop": "^C"}, "scripts": {"installation": null}, "variables": []}"#;
const PASSWORD: &str = "quiet harbour lantern 7";
/// What a form about a guest holds that is nobody else's.
const LAST_DAY: &str = "2027-01-31";
const SERVERS: &str = "/t/acme/servers";
/// What was typed where only a name confirms.
const TYPED: &str = "value=\"ours\"";
/// What was chosen where nothing can be written.
const CHOSEN: &str = "value=\"Pacific/Chatham\" selected";
/// The same as a number of servers.
const SCALED: &str = "max=\"8\" value=\"7\"";
/// The same as a share.
const SHARE: &str = "name=\"cpu_percent\" type=\"text\" value=\"777\"";
/// The same as days.
const GRACE: &str = "name=\"grace_days\" type=\"text\" value=\"11\"";
/// The same as a number of recipients.
const LIMIT: &str = "value=\"6543\"";
/// The same as an hour.
const HOUR: &str = "name=\"hour\" type=\"text\" value=\"17\"";
/// A form with text that is not plain, a secret, and a mark of the secret as the page's own field has it.
const NEW_SERVER: &[(&str, &str)] = &[
    ("name", "Shop <b>🚢</b>"),
    ("template", "postgresql"),
    ("size", "minicomputer"),
    ("variables.POSTGRES_USER", "ann"),
    ("variables.POSTGRES_DB", "orders"),
    ("_secret", "variables.POSTGRES_PASSWORD"),
    ("variables.POSTGRES_PASSWORD", "hunter2hunter2"),
];

async fn person(app: &TestApp, user: UserId, name: &str) -> UserId {
    let email = format!("{name}@example.com");
    let link = accounts::issue_password_link_by_email(&app.app, &app.system(), &email)
        .await
        .unwrap();
    let token = link.url.rsplit('/').next().unwrap();
    accounts::reset_password(&app.app, &accounts::Client::default(), token, PASSWORD)
        .await
        .unwrap();
    user
}

async fn member(app: &TestApp, tenant: TenantId, name: &str) -> UserId {
    let user = person(app, app.person(name).await, name).await;
    app.member(tenant, user, TenantRole::Owner).await;
    user
}

async fn sign_in(browser: &Client, name: &str, password: &str, kept: &str) -> Answer {
    let email = format!("{name}@example.com");
    let fields = [("email", &*email), ("password", password), ("kept", kept)];
    browser.post("/sign-in", &fields).await
}

/// The attribute of the first element that fits; empty without one.
fn attribute(answer: &Answer, selector: &str, name: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).next();
    found
        .and_then(|element| element.attr(name))
        .unwrap_or_default()
        .to_owned()
}

fn kept(answer: &Answer) -> String {
    attribute(answer, "input[name=kept]", "value")
}

/// A browser in which Ada was signed in, and whose session is over.
async fn after_the_session(app: &TestApp) -> Client {
    let browser = app.anonymous();
    sign_in(&browser, "ada", PASSWORD, "").await.expect(303);
    app.clock.advance(TimeDelta::days(60));
    browser.get("/account").await.expect(303);
    browser
}

struct Acme {
    app: TestApp,
    browser: Client,
}

impl Acme {
    async fn set() -> Self {
        let app = TestApp::start().await;
        berth::servers::begin(&app.app).await.unwrap();
        let acme = app.tenant("acme").await;
        member(&app, acme, "ada").await;
        member(&app, acme, "bob").await;
        let browser = after_the_session(&app).await;
        Self { app, browser }
    }

    /// Sends the form without a session.
    async fn send(&self) -> Answer {
        self.browser.post(SERVERS, NEW_SERVER).await
    }
}

/// What any work leaves behind.
async fn works(app: &TestApp) -> usize {
    let mut tx = app.system().begin().await.unwrap();
    let events = sqlx::query_scalar!("select action from audit_event order by at, ctid");
    events.fetch_all(tx.conn()).await.unwrap().len()
}

#[tokio::test]
async fn it_comes_back_filled_in_and_waits_to_be_sent() {
    let Acme { app, browser } = &Acme::set().await;
    let asked = browser.post(SERVERS, NEW_SERVER).await.expect(401);
    assert!(asked.body.contains("Sign in again"));
    for hidden in ["hunter2", "Shop", "orders"] {
        assert!(!asked.body.contains(hidden), "the page shows {hidden} to anybody");
    }
    // A slip of the hand does not lose it.
    let asked = sign_in(browser, "ada", "wrong", &kept(&asked)).await.expect(422);
    let back = sign_in(browser, "ada", PASSWORD, &kept(&asked)).await.expect(200);
    let before = works(app).await;
    let address = attribute(&back, "form", "action");
    let form = browser
        .post(&address, &[("kept", &kept(&back))])
        .await
        .expect(422);
    assert!(form.body.contains(RETURNED));
    for (field, value) in [
        ("name", "Shop <b>🚢</b>"),
        ("variables.POSTGRES_USER", "ann"),
        ("variables.POSTGRES_DB", "orders"),
        ("variables.POSTGRES_PASSWORD", ""),
    ] {
        assert_eq!(
            attribute(&form, &format!("input.input[name='{field}']"), "value"),
            value,
            "{field}"
        );
    }
    let chosen = attribute(&form, "input[name=template][checked]", "value");
    assert_eq!(chosen, "postgresql");
    assert_eq!(works(app).await, before, "something was done already");
    // The page's own form, sent as it stands.
    let action = attribute(&form, "form#new-server", "action");
    let made = browser.post(&action, NEW_SERVER).await.expect(303);
    assert!(made.location().starts_with("/t/acme/servers/srv_"));
}

#[tokio::test]
async fn nobody_else_gets_it() {
    let acme = Acme::set().await;
    let kept = kept(&acme.send().await.expect(401));
    // The next to sit down at the same browser, though a member of the same tenant.
    let dropped = sign_in(&acme.browser, "bob", PASSWORD, &kept).await.expect(303);
    assert_eq!(dropped.location(), "/");
    let returned = format!("{SERVERS}?returned");
    let refused = acme.browser.post(&returned, &[("kept", &kept)]).await.expect(400);
    assert!(!refused.body.contains("Shop"), "{}", refused.body);
}

#[tokio::test]
async fn it_comes_back_at_its_own_address_and_for_a_day_only() {
    let acme = Acme::set().await;
    let kept = kept(&acme.send().await.expect(401));
    sign_in(&acme.browser, "ada", PASSWORD, &kept).await.expect(200);
    for elsewhere in ["/account/name?returned", "/t/acme/members/invitations?returned"] {
        acme.browser.post(elsewhere, &[("kept", &kept)]).await.expect(400);
    }
    let damaged: String = kept.chars().rev().collect();
    let returned = format!("{SERVERS}?returned");
    acme.browser
        .post(&returned, &[("kept", &damaged)])
        .await
        .expect(400);
    acme.app.clock.advance(TimeDelta::hours(25));
    let late = sign_in(&acme.browser, "ada", PASSWORD, &kept).await.expect(303);
    assert_eq!(late.location(), "/");
}

#[tokio::test]
async fn what_can_not_be_carried_asks_to_sign_in_as_ever() {
    let Acme { app, browser } = &Acme::set().await;
    // Nobody knows whose it was: a browser that was never signed in, and one that signed out.
    let stranger = app.anonymous().with_cookie(SESSION_COOKIE, "long gone");
    stranger.post(SERVERS, NEW_SERVER).await.expect(303);
    let large = "x".repeat(200_000);
    browser.post(SERVERS, &[("name", &large)]).await.expect(303);
    sign_in(browser, "ada", PASSWORD, "").await.expect(303);
    browser.post("/sign-out", &[]).await.expect(303);
    browser.post(SERVERS, NEW_SERVER).await.expect(303);
}

#[tokio::test]
async fn the_words_of_a_form_with_files_come_back() {
    let Acme { browser, .. } = &Acme::set().await;
    let sent = "--x\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nIt is slow.\r\n\
        --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.log\"\r\n\r\nlines\r\n--x--\r\n";
    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    let post = axum::http::Method::POST;
    let asked = browser.send(post, "/t/acme/tickets", &headers, sent.into()).await;
    let back = sign_in(browser, "ada", PASSWORD, &kept(&asked.expect(401))).await;
    let back = back.expect(200);
    let address = attribute(&back, "form", "action");
    let form = browser.post(&address, &[("kept", &kept(&back))]).await;
    let form = form.expect(422).body;
    assert!(form.contains(RETURNED) && form.contains("It is slow."), "{form}");
}

#[tokio::test]
async fn a_button_leads_back_to_its_page() {
    let Acme { browser, .. } = &Acme::set().await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("referer", "http://127.0.0.1:8080/t/acme/members?q=a"),
    ];
    let answer = browser
        .send(
            axum::http::Method::POST,
            "/t/acme/leave",
            &headers,
            axum::body::Body::empty(),
        )
        .await
        .expect(303);
    assert_eq!(answer.location(), "/sign-in?next=%2Ft%2Facme%2Fmembers%3Fq%3Da");
    let asked = browser.get(answer.location()).await.expect(200);
    assert!(asked.body.contains("nothing was done"));
}

/// Forms about things that the scene has none of, or that are not shown without any.
const ABSENT: [&str; 7] = [
    "/staff/maintenance/{maintenance}",
    "/staff/on-call/chains/{chain}",
    "/staff/on-call/rotas/{rota}",
    "/staff/on-call/handovers",
    "/staff/on-call/rotas/{rota}/overrides",
    "/staff/webhooks/{webhook}",
    "/t/{tenant}/webhooks/{webhook}",
];

/// Values that every form takes, so that only having come back keeps it from being done.
const FILLED: &[(&str, &str)] = &[
    ("name", "Kept one"),
    ("email", "Kept@example.com"),
    ("role", "viewer"),
    ("reason", "Kept for a reason"),
    ("confirm", "ours"),
    ("version", "1"),
    ("description", "Kept"),
    ("servers", "3"),
    ("cores", "2"),
    ("memory_mib", "1024"),
    ("disk_mib", "4096"),
    ("size_mib", "1024"),
    ("members", "4"),
    ("networks", "6"),
    ("scopes", "servers:read"),
    ("days", "30"),
    ("template", "static-site"),
    ("size", "small-box"),
    ("variables.SITE_TITLE", "Kept"),
    ("variables.SITE_OWNER", "Kept"),
    ("path", "/site/Kept"),
    ("time_zone", "Pacific/Chatham"),
    ("cron", "0 4 * * *"),
    ("steps.0.kind", "restart"),
    ("to", "/site/Kept/there"),
    ("content", "Kept"),
    ("egg", EGG),
    ("permissions", "servers:logs"),
    ("until", LAST_DAY),
    ("access", "read"),
    ("add", "Kept"),
    ("tags", "Kept"),
    ("note", "Kept"),
    ("blueprint", "site-with-database"),
    ("parts.web.variables.SITE_OWNER", "Kept"),
    ("replicas", "7"),
    ("policy", "notify"),
    ("grace_days", "11"),
    ("hour", "17"),
    ("zone", "Pacific/Chatham"),
    ("cpu_percent", "777"),
    ("memory_percent", "77"),
    ("disk_percent", "77"),
    ("oversell", "true"),
    ("script", "# Kept"),
    ("allowed", "Kept@example.com"),
    ("targets", "Kept@example.com"),
    ("forward_to", "Kept@example.com"),
    ("max_domains", "7"),
    ("max_mailboxes", "7"),
    ("max_aliases", "7"),
    ("max_mail_mib", "7"),
    ("hourly_limit", "6543"),
    ("when_suspended", "refuse"),
    ("host", "Kept.example.com"),
    ("user", "Kept"),
    ("lines", "Kept"),
    ("address", "Kept@example.com"),
    ("local_part", "Kept"),
    ("send_link_to", "Kept@example.com"),
    ("subject", "Kept"),
    ("body", "Kept"),
    ("text", "Kept"),
    ("what", "Kept"),
    ("words", "Kept"),
    ("ticket", "Kept"),
    ("into", "Kept"),
    ("minutes", "25"),
    ("included_minutes", "6543"),
    ("site", "Kept"),
    ("title", "Kept"),
    ("first_on", LAST_DAY),
];

/// All that is typed into the forms: [`FILLED`], and what only this scene has.
fn filled(tenant: TenantId, plan: &str) -> Vec<(&'static str, String)> {
    FILLED
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .chain([("plan_id", plan.to_owned()), ("area", tenant.to_string())])
        .collect()
}

#[tokio::test]
async fn every_form_that_comes_back_is_shown_and_not_done() {
    let scene = Scene::set().await;
    let app = &scene.app;
    berth::servers::begin(&app.app).await.unwrap();
    let ada = person(app, app.staff("ada", StaffRole::Owner).await, "ada").await;
    app.member(scene.tenant, ada, TenantRole::Owner).await;
    let other = app.plan("Other", 9).await.to_string();
    let gone = after_the_session(app).await;
    let here = app.anonymous();
    sign_in(&here, "ada", PASSWORD, "").await.expect(303);
    let before = works(app).await;
    let mut fields = filled(scene.tenant, &other);
    fields.push(("server", scene.sample("/servers/{server_id}").to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    let mut walked = 0;
    for route in berth::routes::all().table() {
        if !route.returns || ABSENT.contains(&&*route.path) {
            continue;
        }
        // A colleague's role is another word than a member's.
        let staff_role = ("role", "support");
        let fields: Vec<_> = fields
            .iter()
            .map(|field| {
                if route.path == "/staff/people/invite" && field.0 == "role" {
                    staff_role
                } else {
                    *field
                }
            })
            .collect();
        let address = scene.address(&route);
        let asked = gone.post(&address, &fields).await.expect(401);
        let form = here
            .post(&format!("{address}?returned"), &[("kept", &kept(&asked))])
            .await;
        assert!([200, 422].contains(&form.status), "{address}: {form:?}");
        assert!(
            form.body.contains(RETURNED),
            "{address} does not say so: {}",
            form.body
        );
        // Of a form that is a password alone nothing comes back, nor of one whose field is there only where the panel sends mail.
        assert!(
            ["/password", "/set-up-link"]
                .iter()
                .any(|end| route.path.ends_with(end))
                || [
                    "Kept", &*other, LAST_DAY, CHOSEN, TYPED, SCALED, GRACE, SHARE, HOUR, LIMIT
                ]
                .iter()
                .any(|typed| form.body.contains(typed)),
            "{address} is empty"
        );
        assert_eq!(works(app).await, before, "{address} was done");
        walked += 1;
    }
    assert!(walked > 12, "only {walked} forms come back");
}

#[tokio::test]
async fn what_was_typed_survives_that_somebody_else_was_faster() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let ada = app.person("ada").await;
    app.member(tenant, ada, TenantRole::Owner).await;
    let server = app.server(tenant, "web-1").await;
    let browser = app.browser(ada).await;
    let path = format!("{SERVERS}/{server}/settings");
    let version = "input[name=version]";
    let shown = attribute(&browser.get(&path).await.expect(200), version, "value");
    let late = browser
        .post(&path, &[("name", "shop"), ("version", "0")])
        .await
        .expect(412);
    assert!(late.body.contains(CHANGED), "{}", late.body);
    assert_eq!(attribute(&late, "input[name=name]", "value"), "shop");
    // It was told, so a second save is meant.
    assert_eq!(attribute(&late, version, "value"), shown);
    browser
        .post(&path, &[("name", "shop"), ("version", &shown)])
        .await
        .expect(303);
}
