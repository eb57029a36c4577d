//! The pages, as people see them.

use chrono::TimeDelta;
use scraper::{Html, Selector};

use crate::platform::access::{StaffRole, TenantRole};
use crate::testing::{Answer, Client};

use super::scene::{Scene, command};

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found
        .map(|element| {
            let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
            words.join(" ")
        })
        .collect()
}

fn value(answer: &Answer, selector: &str, name: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).next();
    found
        .and_then(|element| element.attr(name))
        .unwrap_or_default()
        .to_owned()
}

impl Scene {
    async fn browser(&self) -> Client {
        self.test.browser(self.owner).await
    }

    fn page(&self, rest: &str) -> String {
        format!("/t/acme/servers/{}/schedules{rest}", self.server)
    }
}

#[tokio::test]
async fn a_schedule_is_made_looked_at_changed_and_deleted() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    let list = browser.get(&scene.page("")).await.expect(200);
    assert_eq!(texts(&list, ".empty h2"), ["No schedules yet"]);
    let form = browser.get(&scene.page("/new")).await.expect(200);
    assert_eq!(texts(&form, "#next-runs time").len(), 3);
    let fields = [
        ("name", "Nightly"),
        ("cron", "0 4 * * *"),
        ("steps.0.kind", "restart"),
        ("steps.3.kind", "command"),
        ("steps.3.command", "echo up"),
        ("steps.3.wait_seconds", "5"),
        ("steps.3.go_on", "true"),
    ];
    let made = browser.post(&scene.page(""), &fields).await.expect(303);
    let one = made.location().to_owned();
    let page = browser.get(&one).await.expect(200);
    assert_eq!(
        texts(&page, "section[aria-labelledby=what] li"),
        [
            "Restart the server",
            "Command: echo up 5 s after the one before Goes on if this fails"
        ]
    );
    assert_eq!(texts(&page, ".kv time")[0], "Wed 11 Mar 2026, 04:00 UTC");
    let edit = browser.get(&format!("{one}/edit")).await.expect(200);
    assert_eq!(value(&edit, "[name='steps.1.command']", "value"), "echo up");
    assert_eq!(
        value(&edit, "[name='steps.1.kind'] option[selected]", "value"),
        "command"
    );
    let version = value(&edit, "[name=version]", "value");
    let changed = [
        ("name", "Weekly"),
        ("cron", "0 6 * * MON"),
        ("version", &*version),
        ("steps.0.kind", "command"),
        ("steps.0.command", "echo once"),
    ];
    browser.post(&one, &changed).await.expect(303);
    browser.post(&one, &changed).await.expect(412);
    let list = browser.get(&scene.page("")).await.expect(200);
    assert_eq!(texts(&list, "tbody th a"), ["Weekly"]);
    assert_eq!(texts(&list, "tbody time"), ["Mon 16 Mar 2026, 06:00 UTC"]);
    browser.post(&format!("{one}/delete"), &[]).await.expect(303);
    browser.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_form_with_mistakes_comes_back_with_all_of_them() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    let fields = [
        ("name", ""),
        ("cron", "0 25 * * *"),
        ("steps.2.kind", "command"),
        ("steps.2.command", ""),
        ("steps.4.kind", "stop"),
        ("steps.4.wait_seconds", "soon"),
        ("paused", "true"),
    ];
    let form = browser.post(&scene.page(""), &fields).await.expect(422);
    assert!(!texts(&form, "#f-name-error").is_empty());
    assert!(texts(&form, "#f-cron-error")[0].contains("hour"));
    // The rows keep their places.
    assert_eq!(
        texts(&form, "[id='f-steps.2.command-error']"),
        ["Write the command."]
    );
    assert_eq!(
        texts(&form, "[id='f-steps.4.wait_seconds-error']"),
        ["Use whole seconds, 0 to 3600."]
    );
    assert_eq!(value(&form, "[name='steps.4.wait_seconds']", "value"), "soon");
    assert_eq!(value(&form, "[name=cron]", "value"), "0 25 * * *");
    assert!(
        !texts(&form, "[name=paused][checked]").is_empty()
            || form.body.contains("name=\"paused\" value=\"true\" checked")
    );
    let nothing = [("name", "Empty"), ("cron", "0 4 * * *")];
    let form = browser.post(&scene.page(""), &nothing).await.expect(422);
    assert_eq!(
        texts(&form, "[id='f-steps.0.kind-error']"),
        ["Add at least one step."]
    );
}

#[tokio::test]
async fn what_a_run_printed_is_on_its_page() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    let id = scene.schedule("0 4 * * *", &[command("echo <b>hello</b>")]).await;
    let one = scene.page(&format!("/{id}"));
    browser.post(&format!("{one}/run"), &[]).await.expect(303);
    scene.later(TimeDelta::seconds(1)).await;
    let page = browser.get(&one).await.expect(200);
    assert_eq!(texts(&page, "tbody .status"), ["succeeded"]);
    let run = browser.get(&value(&page, "tbody th a", "href")).await.expect(200);
    assert_eq!(texts(&run, ".code pre"), ["<b>hello</b>"]);
    assert!(run.body.contains("ada@example.com"));
    let list = browser.get(&scene.page("")).await.expect(200);
    assert_eq!(texts(&list, "tbody .status"), ["succeeded"]);
    for verb in ["pause", "resume"] {
        browser.post(&format!("{one}/{verb}"), &[]).await.expect(303);
    }
}

#[tokio::test]
async fn who_only_looks_sees_no_buttons() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 4 * * *", &[command("true")]).await;
    let vic = scene.test.person("vic").await;
    scene.test.member(scene.tenant, vic, TenantRole::Viewer).await;
    let browser = scene.test.browser(vic).await;
    let page = browser.get(&scene.page(&format!("/{id}"))).await.expect(200);
    assert!(texts(&page, "main form").is_empty(), "{}", page.body);
    browser.get(&scene.page("/new")).await.expect(403);
    browser
        .post(&scene.page(&format!("/{id}/run")), &[])
        .await
        .expect(403);
}

#[tokio::test]
async fn the_time_zone_has_a_form_for_owners_and_staff() {
    let scene = Scene::new().await;
    let browser = scene.browser().await;
    let path = "/t/acme/settings/time-zone";
    let form = browser.get(path).await.expect(200);
    assert_eq!(value(&form, "option[selected]", "value"), "UTC");
    browser
        .post(path, &[("time_zone", "Europe/Berlin")])
        .await
        .expect(303);
    let refused = browser.post(path, &[("time_zone", "Mars")]).await.expect(422);
    assert!(!texts(&refused, "#f-time_zone-error").is_empty());
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let staff = scene.test.browser(root).await;
    let path = format!("/staff/tenants/{}/time-zone", scene.tenant);
    let form = staff.get(&path).await.expect(200);
    assert_eq!(value(&form, "option[selected]", "value"), "Europe/Berlin");
    staff.post(&path, &[("time_zone", "UTC")]).await.expect(303);
    let olaf = scene.test.person("olaf").await;
    scene.test.member(scene.tenant, olaf, TenantRole::Operator).await;
    scene
        .test
        .browser(olaf)
        .await
        .get("/t/acme/settings/time-zone")
        .await
        .expect(403);
}
