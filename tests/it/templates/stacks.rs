//! The blueprints: that their layers really use each other through the stack's own network, seen by an HTTP client.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{HOST, Scene, curl, outcome, says};
use crate::crash::docker::Count;
use crate::panel::until_within;

/// Several servers with databases come up at the same time, on two slow cores perhaps.
const PATIENCE: Duration = Duration::from_mins(4);
const PAGE: &str = "/srv/site/public/index.php";

/// A stack whose servers were all healthy once.
struct Stack<'a> {
    scene: &'a Scene,
    path: String,
    url: String,
}

impl Scene {
    async fn stack(&self, order: &Value, public: &str) -> Stack<'_> {
        let (status, asked) = self.api.post("/api/v1/stacks", order).await;
        assert_eq!(status, 202, "{asked}");
        let path = format!("/api/v1/stacks/{}", asked["stack"]["id"].as_str().unwrap());
        let mut stack = Stack {
            scene: self,
            path,
            url: String::new(),
        };
        stack.is("running").await;
        let port = stack.server_of(public).await["ports"][0]["port"].clone();
        stack.url = format!("http://{HOST}:{port}/");
        stack
    }
}

impl Stack<'_> {
    async fn now(&self) -> Value {
        self.scene.api.get(&self.path).await
    }

    async fn is(&self, status: &str) {
        until_within(PATIENCE, &format!("the stack is {status}"), async || {
            self.now().await["status"] == status
        })
        .await;
    }

    async fn act(&self, rest: &str, body: &Value) {
        let (status, answer) = self.scene.api.post(&format!("{}/{rest}", self.path), body).await;
        assert_eq!(status, 202, "{answer}");
    }

    /// The first server of a part.
    async fn server_of(&self, part: &str) -> Value {
        let stack = self.now().await;
        let found = stack["servers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["part"] == part);
        let id = found.unwrap()["server_id"].as_str().unwrap();
        self.scene.api.get(&format!("/api/v1/servers/{id}")).await
    }

    /// What a shell inside of a server says.
    async fn inside(&self, server: &str, line: &str) -> String {
        let (well, said) = self.tried_inside(server, line).await;
        assert!(well, "{line}: {said}");
        said
    }

    /// Whether a shell inside of a server did it, and what it said.
    async fn tried_inside(&self, server: &str, line: &str) -> (bool, String) {
        let container = self.scene.container(server).await;
        let mut exec = tokio::process::Command::new("docker");
        outcome(exec.args(["exec", &container, "sh", "-c", line])).await
    }

    /// Puts a program where visitors get it.
    async fn publish(&self, server: &str, program: &str) {
        self.inside(server, &format!("cat > {PAGE} <<'PHP'\n{program}\nPHP"))
            .await;
    }

    async fn says(&self, wanted: &str) -> String {
        says(wanted, async || outcome(&mut curl(&["--fail", &self.url])).await).await
    }
}

#[tokio::test]
async fn a_site_keeps_its_visits_in_its_own_database() {
    let scene = Scene::begin(&["php-site", "mariadb", "static-site"]).await;
    let order = json!({ "name": "Shop", "blueprint": "site-with-database",
        "parts": { "web": { "variables": { "SITE_OWNER": "Ann" } } } });
    let stack = scene.stack(&order, "web").await;
    let program = r#"<?php $db = new mysqli(getenv("DATABASE_HOST"), getenv("DATABASE_USER"), getenv("DATABASE_PASSWORD"), getenv("DATABASE_NAME"));
$db->query("create table if not exists visit (n int auto_increment primary key)");
$db->query("insert into visit values ()"); echo "visit {$db->insert_id}.";"#;
    stack.publish("Shop web", program).await;
    stack.says("visit 1.").await;
    stack.says("visit 2.").await;
    let count = "mariadb --user=mysql --batch --skip-column-names --execute='select count(*) from app.visit'";
    assert_eq!(stack.inside("Shop db", count).await.trim(), "2");
    assert_eq!(
        stack.server_of("db").await["ports"],
        json!([]),
        "the world does not reach it"
    );
    // Nor does another server of the same organisation.
    let other = scene
        .order("static-site", "other", json!({ "SITE_OWNER": "Ann" }))
        .await;
    let names = "getent hosts db.shop.internal shop-db || echo nobody";
    assert_eq!(other.inside(names).await.trim(), "nobody");
    let found = stack.inside("Shop web", "getent hosts db.shop.internal").await;
    assert!(found.contains("db.shop.internal"), "{found}");

    stack.act("actions/stop", &json!({})).await;
    stack.is("stopped").await;
    stack.act("actions/start", &json!({})).await;
    stack.is("running").await;
    stack.says("visit 3.").await;

    let password = json!({ "value": "harbour-light-7" });
    stack
        .act("parts/db/passwords/MARIADB_PASSWORD/change", &password)
        .await;
    until_within(PATIENCE, "the site is told of the new password", async || {
        let told = "test \"$DATABASE_PASSWORD\" = harbour-light-7";
        stack.tried_inside("Shop web", told).await.0
    })
    .await;
    stack.says("visit 4.").await;
    stack.is("running").await;
    assert_eq!(scene.api.delete(&stack.path).await, 202);
    stack.is("deleted").await;
    stack.act("restore", &json!({})).await;
    stack.is("running").await;
    stack.says("visit 5.").await;
    assert_eq!(scene.api.delete(&stack.path).await, 202);
    stack.act("erase", &json!({})).await;
    until_within(PATIENCE, "only the other server is left", async || {
        scene.remains.count().await == Count::ONE
    })
    .await;
}

#[tokio::test]
async fn a_site_uses_its_cache_and_its_database() {
    let scene = Scene::begin(&["php-site", "redis", "postgresql"]).await;
    let order = json!({ "name": "App", "blueprint": "site-with-cache",
        "parts": { "web": { "variables": { "SITE_OWNER": "Ann" } } } });
    let stack = scene.stack(&order, "web").await;
    let program = r#"<?php $cache = new Redis(); $cache->connect(getenv("CACHE_HOST"), 6379); $cache->auth(getenv("CACHE_PASSWORD"));
$db = new PDO("pgsql:host=" . getenv("DATABASE_HOST") . ";dbname=" . getenv("DATABASE_NAME"), getenv("DATABASE_USER"), getenv("DATABASE_PASSWORD"));
$db->exec("create table if not exists visit (n serial)");
$stored = $db->query("insert into visit default values returning n")->fetchColumn();
echo "cached {$cache->incr("visits")}, stored $stored.";"#;
    stack.publish("App web", program).await;
    stack.says("cached 1, stored 1.").await;
    stack.says("cached 2, stored 2.").await;
    let count = stack
        .inside(
            "App db",
            "psql --no-psqlrc --tuples-only --no-align --dbname=app --command='select count(*) from visit'",
        )
        .await;
    assert_eq!(count.trim(), "2");
    let policy = stack.server_of("cache").await["variables"]["REDIS_EVICTION"].clone();
    assert_eq!(policy, "allkeys-lru", "a cache drops what is old");
}

#[tokio::test]
async fn a_cluster_spreads_visitors_and_grows_and_shrinks_while_it_runs() {
    let scene = Scene::begin(&["load-balancer", "php-site", "redis", "mariadb"]).await;
    let order = json!({ "name": "Web", "blueprint": "web-cluster",
        "parts": { "web": { "replicas": 2, "variables": { "SITE_OWNER": "Ann" } } } });
    let stack = scene.stack(&order, "proxy").await;
    // Written at one of them, served by all, and counted in the cache that they share.
    let program = r#"<?php $cache = new Redis(); $cache->connect(getenv("CACHE_HOST"), 6379); $cache->auth(getenv("CACHE_PASSWORD"));
echo "from " . gethostname() . " hit " . $cache->incr("hits") . ".";"#;
    stack.publish("Web web 1", program).await;
    stack.is_served_by(&["web-web-1", "web-web-2"]).await;
    let proxy = stack.server_of("proxy").await["running_since"].clone();

    stack.act("parts/web/scale", &json!({ "replicas": 3 })).await;
    stack.is("running").await;
    stack.is_served_by(&["web-web-1", "web-web-2", "web-web-3"]).await;

    // One that stops is left out, and comes back when it is started.
    let third = stack.now().await["servers"].as_array().unwrap().last().unwrap()["server_id"].clone();
    let third = format!("/api/v1/servers/{}/actions", third.as_str().unwrap());
    scene.api.post(&format!("{third}/stop"), &json!({})).await;
    stack.is_served_by(&["web-web-1", "web-web-2"]).await;
    scene.api.post(&format!("{third}/start"), &json!({})).await;
    stack.is_served_by(&["web-web-1", "web-web-2", "web-web-3"]).await;

    stack.act("parts/web/scale", &json!({ "replicas": 1 })).await;
    stack.is_served_by(&["web-web-1"]).await;
    stack.is("running").await;
    assert_eq!(stack.now().await["servers"].as_array().unwrap().len(), 4);
    assert_eq!(
        stack.server_of("proxy").await["running_since"],
        proxy,
        "nobody had to restart the load balancer"
    );
}

impl Stack<'_> {
    /// Waits until just these servers answer, one after the other, so often in a row that none is left out.
    async fn is_served_by(&self, wanted: &[&str]) {
        let wanted: BTreeSet<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        until_within(PATIENCE, &format!("{wanted:?} answer"), async || {
            self.answering(4 * wanted.len()).await == wanted
        })
        .await;
    }

    /// Who answers to so many requests; a refused one is told as such.
    async fn answering(&self, requests: usize) -> BTreeSet<String> {
        let mut who = BTreeSet::new();
        for _ in 0..requests {
            let (well, said) = outcome(&mut curl(&["--fail", &self.url])).await;
            let name = said.strip_prefix("from ").and_then(|rest| rest.split(' ').next());
            who.insert(match name {
                Some(name) if well => name.to_owned(),
                _ => format!("refused: {said}"),
            });
        }
        who
    }
}
