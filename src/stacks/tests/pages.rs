//! What people see: the form that comes back, the list, one stack, deleted ones, and what others of the panel say of it.

use scraper::{Html, Selector};
use serde_json::json;

use crate::platform::access::StaffRole;
use crate::testing::Answer;

use super::scene::{Scene, cluster, shop};

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let text = |element: scraper::ElementRef<'_>| {
        let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
        words.join(" ")
    };
    page.select(&selector).map(text).collect()
}

fn values(answer: &Answer, selector: &str, attribute: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let value = |element: scraper::ElementRef<'_>| element.attr(attribute).map(str::to_owned);
    page.select(&selector).filter_map(value).collect()
}

#[tokio::test]
async fn it_is_ordered_by_one_form() {
    let scene = Scene::new().await;
    let chooser = scene.browser.get("/t/acme/stacks/new").await.expect(200);
    assert_eq!(
        values(&chooser, "input[name=blueprint]", "value"),
        ["site-with-database", "site-with-cache", "web-cluster"]
    );
    let form = scene
        .browser
        .get("/t/acme/stacks/new?blueprint=web-cluster")
        .await
        .expect(200);
    assert_eq!(
        values(&form, "input[type=number][name$='.replicas']", "value"),
        ["2"]
    );
    let names = values(&form, "[name^='parts.web.variables.']", "name");
    assert!(names.contains(&"parts.web.variables.SITE_OWNER".to_owned()));
    assert!(
        !names.contains(&"parts.web.variables.DATABASE_HOST".to_owned()),
        "nobody is asked"
    );
    assert!(
        texts(&form, "#room").join(" ").contains("5 of 10"),
        "{:?}",
        texts(&form, "#room")
    );
    let more = scene
        .browser
        .get("/t/acme/stacks/new?blueprint=web-cluster&parts.web.replicas=4")
        .await
        .expect(200);
    assert!(texts(&more, "#room").join(" ").contains("7 of 10"));
    let fields = [
        ("blueprint", "web-cluster"),
        ("name", "Web"),
        ("parts.web.replicas", "3"),
        ("parts.web.size", "microcomputer"),
        ("parts.web.variables.SITE_OWNER", "Ada"),
        ("parts.db.size", "microcomputer"),
    ];
    let made = scene.browser.post("/t/acme/stacks", &fields).await.expect(303);
    scene.work().await;
    let page = scene.browser.get(made.location()).await.expect(200);
    assert_eq!(
        texts(&page, "#stack-panel h2"),
        ["State", "Load balancer", "Web servers", "Cache", "Database"]
    );
    assert_eq!(
        texts(&page, "#layer-web tbody th"),
        ["Web web 1", "Web web 2", "Web web 3"]
    );
    assert_eq!(values(&page, "[data-stack-address]", "href").len(), 1);
    assert_eq!(values(&page, "#f-replicas-web", "value"), ["3"]);
}

#[tokio::test]
async fn a_form_that_is_wrong_comes_back_with_all_of_it() {
    let scene = Scene::new().await;
    let fields = [
        ("blueprint", "web-cluster"),
        ("name", "Web"),
        ("parts.web.replicas", "many"),
        ("parts.web.size", "minicomputer"),
        ("parts.web.variables.SITE_OWNER", ""),
        ("parts.web.variables.SITE_TITLE", "The <b>title</b>"),
        ("parts.db.variables.MARIADB_MAX_CONNECTIONS", "7"),
    ];
    let back = scene.browser.post("/t/acme/stacks", &fields).await.expect(422);
    let told = texts(&back, ".error-summary li");
    assert_eq!(
        told,
        [
            "Connections must be from 10 to 500.",
            "Owner is required.",
            "Use a number from 1 to 8."
        ]
    );
    assert_eq!(values(&back, "[name='parts.web.replicas']", "value"), ["many"]);
    assert_eq!(
        values(&back, "[name='parts.web.variables.SITE_TITLE']", "value"),
        ["The <b>title</b>"]
    );
    assert_eq!(
        values(&back, "[name='parts.web.size'] option[selected]", "value"),
        ["minicomputer"]
    );
    assert_eq!(
        values(
            &back,
            "[name='parts.db.variables.MARIADB_MAX_CONNECTIONS']",
            "value"
        ),
        ["7"]
    );
    let open = texts(&back, "details[open] summary");
    assert!(
        open.iter().any(|text| text.contains("of Database")),
        "what is wrong is not folded away: {open:?}"
    );
    assert_eq!(scene.rows().await, (0, 0, 0));
}

#[tokio::test]
async fn too_little_room_is_told_on_the_form() {
    let scene = Scene::with_room(3).await;
    let fields = [
        ("blueprint", "web-cluster"),
        ("name", "Web"),
        ("parts.web.variables.SITE_OWNER", "Ada"),
    ];
    let back = scene.browser.post("/t/acme/stacks", &fields).await.expect(409);
    assert!(
        texts(&back, ".error-summary li")[0].contains("3 servers"),
        "{:?}",
        texts(&back, ".error-summary li")
    );
    assert_eq!(values(&back, "#f-name", "value"), ["Web"]);
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_paged() {
    let scene = Scene::new().await;
    let empty = scene.browser.get("/t/acme/stacks").await.expect(200);
    assert!(texts(&empty, ".empty h2").contains(&"No stacks yet".to_owned()));
    for name in ["Beta", "alpha", "Gamma"] {
        scene.ordered(&shop(name)).await;
        scene.test.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let names = async |query: &str| {
        let page = scene
            .browser
            .get(&format!("/t/acme/stacks{query}"))
            .await
            .expect(200);
        texts(&page, "#stack-rows .row-link")
    };
    assert_eq!(names("").await, ["Gamma", "alpha", "Beta"]);
    assert_eq!(names("?sort=created").await, ["Beta", "alpha", "Gamma"]);
    assert_eq!(names("?sort=name").await, ["alpha", "Beta", "Gamma"]);
    assert_eq!(names("?sort=-name").await, ["Gamma", "Beta", "alpha"]);
    assert_eq!(names("?q=AMM").await, ["Gamma"]);
    for sort in ["name", "-name", "created", "-created"] {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let page = scene
                .get(&format!("/api/v1/stacks?sort={sort}&limit=1&after={after}"))
                .await;
            all.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["name"].to_string()),
            );
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        assert_eq!(all.len(), 3, "{sort}: {all:?}");
    }
    scene.program.get("/api/v1/stacks?sort=size").await.expect(422);
}

#[tokio::test]
async fn a_number_that_is_no_number_comes_back_at_its_part() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let path = format!("/t/acme/stacks/{id}/parts/web/scale");
    let back = scene.browser.post(&path, &[("replicas", "99")]).await.expect(422);
    assert_eq!(values(&back, "#f-replicas-web", "value"), ["99"]);
    assert_eq!(
        texts(&back, "#f-replicas-web-error"),
        ["Use a number from 1 to 8."]
    );
    let back = scene.browser.post(&path, &[("replicas", "")]).await.expect(422);
    assert_eq!(
        texts(&back, "#f-replicas-web-error"),
        ["Use a number from 1 to 8."]
    );
    scene.browser.post(&path, &[("replicas", "3")]).await.expect(303);
    assert_eq!(scene.part(&id, "web").await.len(), 3);
}

#[tokio::test]
async fn it_is_deleted_by_its_name_and_restored_by_a_button() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let path = format!("/t/acme/stacks/{id}");
    scene
        .browser
        .post(&format!("{path}/delete"), &[("confirm", "Other")])
        .await
        .expect(303);
    assert_eq!(scene.stack(&id).await["deleted_at"], json!(null));
    scene
        .browser
        .post(&format!("{path}/delete"), &[("confirm", "Shop")])
        .await
        .expect(303);
    scene.work().await;
    let deleted = scene.browser.get("/t/acme/deleted-stacks").await.expect(200);
    assert_eq!(texts(&deleted, "tbody .row-link"), ["Shop"]);
    let page = scene.browser.get(&path).await.expect(200);
    assert_eq!(texts(&page, "#stack-status"), ["Deleted"]);
    assert!(values(&page, "form", "action").contains(&format!("{path}/restore")));
    scene
        .browser
        .post(&format!("{path}/restore"), &[])
        .await
        .expect(303);
    assert_eq!(scene.stack(&id).await["deleted_at"], json!(null));
}

#[tokio::test]
async fn servers_networks_and_staff_tell_of_it() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let web = scene.part(&id, "web").await.remove(0);
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{web}"))
        .await
        .expect(200);
    assert_eq!(texts(&page, "[data-stack]"), ["Shop"]);
    let network = scene.stack(&id).await["network_id"].as_str().unwrap().to_owned();
    let page = scene
        .browser
        .get(&format!("/t/acme/networks/{network}"))
        .await
        .expect(200);
    assert!(page.body.contains("belongs to the stack") && !page.body.contains("Delete this network"));
    let db = scene.part(&id, "db").await.remove(0);
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{db}"))
        .await
        .expect(200);
    assert!(
        !page.body.contains("(mysql)"),
        "no guide to a port that is not there"
    );
    let staff = scene
        .test
        .browser(scene.test.staff("root", StaffRole::Owner).await)
        .await;
    let list = staff.get("/staff/stacks?q=sho").await.expect(200);
    assert_eq!(texts(&list, "tbody th"), ["Shop Site with database"]);
}

#[tokio::test]
async fn a_guest_of_one_of_its_servers_sees_nothing_of_the_stack() {
    use crate::platform::access::Permission as P;
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let web = scene.part(&id, "web").await.remove(0);
    let gus = scene.test.person("gus").await;
    let given = [P::ServerRead, P::ServerPower, P::ServerConfigure];
    scene
        .test
        .guest(scene.tenant, web.parse().unwrap(), gus, &given)
        .await;
    let browser = scene.test.browser(gus).await;
    let page = browser.get(&format!("/t/acme/servers/{web}")).await.expect(200);
    assert!(texts(&page, "[data-stack]").is_empty());
    browser.get("/t/acme/stacks").await.expect(404);
    browser.get(&format!("/t/acme/stacks/{id}")).await.expect(404);
    let settings = format!("/t/acme/servers/{web}/settings");
    let back = browser
        .post(&settings, &[("variables.DATABASE_HOST", "evil")])
        .await
        .expect(422);
    assert!(back.body.contains("the rest stays"), "{}", back.body);
}

#[tokio::test]
async fn the_palette_finds_it() {
    let scene = Scene::new().await;
    let id = scene.ordered(&shop("Corner & shop")).await;
    let found = scene
        .browser
        .get("/t/acme/search?q=corner")
        .await
        .expect(200)
        .json();
    let stacks = |found: &serde_json::Value| {
        let items = found["items"].as_array().unwrap().clone();
        let stacks = items.into_iter().filter(|item| item["group"] == "Stacks");
        stacks
            .map(|item| item["href"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(stacks(&found), [format!("/t/acme/stacks/{id}")]);
    let staff = scene.test.staff("root", StaffRole::Owner).await;
    let staff = scene.test.browser(staff).await;
    let found = staff.get("/staff/search?q=corner").await.expect(200).json();
    let [href] = stacks(&found).try_into().unwrap();
    assert_eq!(href, "/staff/stacks?q=Corner%20%26%20shop");
    let list = staff.get(&href).await.expect(200);
    assert!(list.body.contains("Corner &#38; shop"), "{}", list.body);
}
