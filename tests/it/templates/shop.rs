//! A shop: a guest orders, and the owner sees the order after a restart.

use reqwest::Client;
use scraper::{Html, Selector};
use serde_json::json;

use super::{Scene, Server};
use crate::panel::until;

/// Somebody's browser in the shop, with the page that it shows.
struct Visitor<'a> {
    http: Client,
    server: &'a Server<'a>,
    page: String,
}

impl<'a> Visitor<'a> {
    fn of(server: &'a Server<'a>) -> Self {
        let http = Client::builder().cookie_store(true).build().unwrap();
        Self {
            http,
            server,
            page: String::new(),
        }
    }

    async fn open(&mut self, path: &str) -> bool {
        let answer = self.http.get(self.server.url("http", path)).send().await;
        let Ok(answer) = answer else { return false };
        let is_well = answer.status().is_success();
        self.page = answer.text().await.unwrap_or_default();
        is_well
    }

    /// Sends a form to where it belongs, with the page's token against forgery.
    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) {
        let token = self.find("input[name=csrfmiddlewaretoken]", "value");
        let mut form = vec![("csrfmiddlewaretoken", token.as_str())];
        form.extend_from_slice(fields);
        let answer = self
            .http
            .post(self.server.url("http", path))
            .form(&form)
            .send()
            .await;
        let answer = answer.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        self.page = answer.text().await.unwrap();
    }

    fn find(&self, selector: &str, attribute: &str) -> String {
        let page = Html::parse_document(&self.page);
        let found = page.select(&Selector::parse(selector).unwrap()).next();
        let found = found.unwrap_or_else(|| panic!("no {selector} in {}", self.page));
        found.attr(attribute).unwrap().to_owned()
    }

    fn sees(&self, text: &str) {
        assert!(self.page.contains(text), "no {text:?} in {}", self.page);
    }
}

async fn order_a_mug(guest: &mut Visitor<'_>) {
    assert!(guest.open("/").await);
    let mug = guest.find("a[href*='/catalogue/mug']", "href");
    assert!(guest.open(&mug).await);
    let basket = guest.find("form[action*='/basket/add/']", "action");
    guest.send(&basket, &[("quantity", "2")]).await;
    assert!(guest.open("/checkout/").await);
    let who = [("username", "guest@example.org"), ("options", "anonymous")];
    guest.send("/checkout/", &who).await;
    let address = [
        ("first_name", "Gwen"),
        ("last_name", "Guest"),
        ("line1", "Harbour Road 1"),
        ("line4", "Vienna"),
        ("postcode", "1010"),
        ("country", "AT"),
    ];
    guest.send("/checkout/shipping-address/", &address).await;
    guest.sees("Transfer it to AT00 1234");
    assert!(guest.open("/checkout/preview/").await);
    guest
        .send("/checkout/preview/", &[("action", "place_order")])
        .await;
    guest.sees("your order number is");
    guest.sees("100001");
    // Two mugs and the shipping.
    guest.sees("29.90");
}

#[tokio::test]
async fn an_order_is_placed_and_kept() {
    let scene = Scene::begin(&["shop"]).await;
    let answers = json!({ "SHOP_NAME": "Ann's beans", "ADMIN_EMAIL": "ann@example.org",
        "PAYMENT_TEXT": "Transfer it to AT00 1234", "SHIPPING_PRICE": "4.90" });
    let server = scene.order("shop", "shop", answers).await;
    order_a_mug(&mut Visitor::of(&server)).await;
    server.restart().await;
    let mut owner = Visitor::of(&server);
    until("the shop is open again", async || {
        owner.open("/accounts/login/?next=/dashboard/orders/").await
    })
    .await;
    let password = server.secret("ADMIN_PASSWORD").await;
    let sign_in = [
        ("login-username", "ann@example.org"),
        ("login-password", password.as_str()),
        ("login-redirect_url", "/dashboard/orders/"),
        ("login_submit", "Log In"),
    ];
    owner.send("/accounts/login/", &sign_in).await;
    assert!(owner.open("/dashboard/orders/").await);
    owner.sees("100001");
}
