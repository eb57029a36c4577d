//! What disturbs somebody or cannot be undone asks first: its form stands in a dialog, which a link on the page opens, with and
//! without script.

use berth::platform::access::{Permission, StaffRole, TenantRole};
use berth::testing::{Client, TestApp};
use scraper::{ElementRef, Html, Selector};

use crate::access_walk::Scene;

/// Where such forms stand, and how their addresses end.
fn asking(scene: &Scene, server: &str, person: &str) -> Vec<(String, &'static [&'static str])> {
    let tenant = format!("/staff/tenants/{}", scene.tenant);
    vec![
        (
            format!("/staff/servers/{server}"),
            &["/stop", "/restart", "/kill"],
        ),
        (format!("/staff/people/{person}"), &["/disable", "/role"]),
        ("/staff/people".to_owned(), &["/revoke"]),
        (tenant.clone(), &["/suspend"]),
        (format!("{tenant}/settings"), &["/close"]),
        (format!("{tenant}/members"), &["/revoke", "/remove"]),
        (
            "/t/ours/members".to_owned(),
            &["/revoke", "/remove", "/leave", "/role"],
        ),
        (format!("/t/ours/servers/{server}"), &["/kill"]),
        (format!("/t/ours/servers/{server}/settings"), &["/delete"]),
        ("/account/sessions".to_owned(), &["/end-others"]),
        ("/account/tokens".to_owned(), &["/revoke"]),
    ]
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// The dialog around a form, if a link of the page opens it.
fn asks(page: &Html, form: ElementRef<'_>) -> bool {
    let dialog = form
        .ancestors()
        .filter_map(ElementRef::wrap)
        .find(|element| element.value().name() == "dialog");
    let id = dialog.and_then(|dialog| dialog.value().id()).unwrap_or_default();
    let buttons = Selector::parse("a[href='#'], button[type=submit]").unwrap();
    let opener = format!("a[role=button][href='#{id}']");
    !id.is_empty() && form.select(&buttons).count() == 2 && select(page, &opener).len() == 1
}

/// An owner of everything, with a second session, a token and open invitations.
async fn somebody(app: &TestApp, scene: &Scene) -> Client {
    let boss = app.staff("boss", StaffRole::Owner).await;
    app.member(scene.tenant, boss, TenantRole::Owner).await;
    app.program(boss, None, &[Permission::StaffAuditRead]).await;
    app.browser(boss).await;
    let browser = app.browser(boss).await;
    let colleague = [("email", "new@example.com"), ("role", "support")];
    browser.post("/staff/people/invite", &colleague).await.expect(200);
    browser
}

#[tokio::test]
async fn what_disturbs_asks_first() {
    let scene = Scene::set().await;
    let app = &scene.app;
    berth::servers::begin(&app.app).await.unwrap();
    let browser = somebody(app, &scene).await;
    let server = scene.sample("/servers/{server_id}");
    let colleague = app.staff("colleague", StaffRole::Support).await.to_string();
    browser
        .post(&format!("/staff/servers/{server}/actions/start"), &[])
        .await
        .expect(303);
    for (path, ends) in asking(&scene, server, &colleague) {
        let page = Html::parse_document(&browser.get(&path).await.expect(200).body);
        for end in ends {
            let forms: Vec<_> = select(&page, &format!("form[method=post][action$='{end}']"));
            // A role is also changed by a form that stands open; giving all of it up, or one's own, is what asks.
            let asked = forms.iter().filter(|form| asks(&page, **form)).count();
            let expected = if *end == "/role" { 1 } else { forms.len() };
            assert!(expected > 0 && asked == expected, "{path}: {end} does not ask");
        }
    }
}
