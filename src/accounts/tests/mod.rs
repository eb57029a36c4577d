//! Accounts as browsers and programs see them, and the races that only the database decides.

mod authenticate;
mod entering;
mod invitations;
mod password;
mod people;
mod sessions;
mod setup;
mod tokens;

use crate::platform::ids::UserId;
use crate::platform::web::SESSION_COOKIE;
use crate::testing::{Answer, Client, TestApp};

use super::actions;

/// A password that may be chosen.
const GOOD: &str = "quiet harbour lantern 7";
const OTHER: &str = "seven grey herons ashore";

/// A person who can sign in with [`GOOD`] as `name@example.com`.
async fn person(app: &TestApp, name: &str) -> UserId {
    let user = app.person(name).await;
    set_password(app, name).await;
    user
}

async fn set_password(app: &TestApp, name: &str) {
    let email = format!("{name}@example.com");
    let link = actions::issue_password_link_by_email(&app.app, &app.system(), &email)
        .await
        .unwrap();
    let token = token_of(&link.url);
    actions::reset_password(&app.app, &super::model::Client::default(), &token, GOOD)
        .await
        .unwrap();
}

/// The secret at the end of a link.
fn token_of(url: &str) -> String {
    url.rsplit('/').next().unwrap().to_owned()
}

async fn sign_in(client: &Client, name: &str, password: &str) -> Answer {
    let email = format!("{name}@example.com");
    client
        .post("/sign-in", &[("email", &email), ("password", password)])
        .await
}

fn session(client: &Client) -> Option<String> {
    client.cookie(SESSION_COOKIE)
}

/// The actions in the audit log, oldest first.
async fn audited(app: &TestApp) -> Vec<String> {
    let mut tx = app.system().begin().await.unwrap();
    let rows = sqlx::query_scalar!("select action from audit_event order by at, ctid");
    rows.fetch_all(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap()
}

/// Whether the client is signed in.
async fn is_in(client: &Client) -> bool {
    client.get("/account").await.status == 200
}

/// The first text of an element with this id.
#[track_caller]
fn text_of(answer: &Answer, id: &str) -> String {
    let page = scraper::Html::parse_document(&answer.body);
    let selector = scraper::Selector::parse(&format!("[id={id}]")).unwrap();
    let found = page
        .select(&selector)
        .next()
        .unwrap_or_else(|| panic!("no #{id} in {}", answer.body));
    found.text().collect::<String>().trim().to_owned()
}
