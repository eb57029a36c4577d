//! Web sites: of files, of PHP, cached, and closed.

use serde_json::json;

use super::{Scene, Server, curl, outcome, says};

#[tokio::test]
async fn a_static_site_keeps_its_files() {
    let scene = Scene::begin(&["static-site"]).await;
    let answers = json!({ "SITE_OWNER": "Ann & Co" });
    let server = scene.order("static-site", "site", answers).await;
    let page = server.url("http", "/");
    let (_, said) = outcome(&mut curl(&[&page])).await;
    assert!(said.contains("Ann &amp; Co"), "{said}");
    server.inside("echo 'a page' > /srv/site/index.html").await;
    server.restart().await;
    says("a page", async || outcome(&mut curl(&[&page])).await).await;
}

#[tokio::test]
async fn php_runs_and_keeps_what_it_writes() {
    let scene = Scene::begin(&["php-site"]).await;
    let answers = json!({ "SITE_OWNER": "Ann & Co" });
    let server = scene.order("php-site", "site", answers).await;
    let page = server.url("http", "/some/path");
    let (_, said) = outcome(&mut curl(&[&server.url("http", "/")])).await;
    assert!(said.contains("Ann &amp; Co"), "{said}");
    let program = r#"<?php $f = "/srv/site/private/n"; $n = 1 + (int) @file_get_contents($f); file_put_contents($f, $n); echo "visit $n of {$_SERVER["HTTP_HOST"]}";"#;
    server
        .inside(&format!(
            "cat > /srv/site/public/index.php <<'PHP'\n{program}\nPHP"
        ))
        .await;
    let host = format!("127.0.0.1:{}", server.port("http"));
    says(&format!("visit 1 of {host}"), async || {
        outcome(&mut curl(&[&page])).await
    })
    .await;
    let (_, said) = outcome(&mut curl(&[&server.url("http", "/../private/n")])).await;
    assert!(said.contains("visit 2"), "what is private is not served: {said}");
    server.restart().await;
    says("visit 3", async || outcome(&mut curl(&[&page])).await).await;
}

#[tokio::test]
async fn a_cache_answers_for_an_origin_that_is_down() {
    let scene = Scene::begin(&["static-site", "cdn-cache"]).await;
    let origin = scene
        .order("static-site", "origin", json!({ "SITE_OWNER": "Ann" }))
        .await;
    origin.inside("echo 'a page' > /srv/site/page.html").await;
    let answers = json!({ "ORIGIN_URL": "http://origin:8080" });
    let cache = scene.order("cdn-cache", "cache", answers).await;
    let page = cache.url("http", "/page.html");
    let with_head = ["--include", page.as_str()];
    let (_, said) = outcome(&mut curl(&with_head)).await;
    assert!(
        said.contains("X-Cache: MISS") && said.contains("a page"),
        "{said}"
    );
    let (_, said) = outcome(&mut curl(&with_head)).await;
    assert!(said.contains("X-Cache: HIT"), "{said}");
    origin.inside("echo 'another page' > /srv/site/page.html").await;
    let token = format!("X-Berth-Refresh: {}", cache.secret("REFRESH_TOKEN").await);
    let (_, said) = outcome(&mut curl(&["--header", &token, &page])).await;
    assert!(said.contains("another page"), "{said}");
    origin.stop().await;
    cache.restart().await;
    says("another page", async || {
        outcome(&mut curl(&["--fail", &page])).await
    })
    .await;
}

/// A page of the wiki, as a browser with these cookies sees it.
async fn wiki(server: &Server<'_>, cookies: &str, arguments: &[&str], path: &str) -> (bool, String) {
    let url = server.url("http", path);
    let all = [
        &[
            "--fail",
            "--location",
            "--cookie",
            cookies,
            "--cookie-jar",
            cookies,
        ],
        arguments,
        &[url.as_str()],
    ];
    outcome(&mut curl(&all.concat())).await
}

/// What the wiki wants back with each form.
fn token(page: &str, field: &str) -> String {
    let page = scraper::Html::parse_document(page);
    let field = scraper::Selector::parse(&format!("input[name={field}]")).unwrap();
    let found = page
        .select(&field)
        .next()
        .unwrap_or_else(|| panic!("{}", page.html()));
    found.attr("value").unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_intranet_is_closed_and_keeps_its_pages() {
    let scene = Scene::begin(&["intranet"]).await;
    let closed = scene
        .order("intranet", "closed", json!({ "ADMIN_EMAIL": "ann@example.org" }))
        .await;
    let (_, said) = outcome(&mut curl(&["--include", &closed.url("http", "/")])).await;
    assert!(said.starts_with("HTTP/1.1 403"), "from outside: {said}");
    let answers = json!({ "ADMIN_EMAIL": "ann@example.org", "ALLOWED_FROM": "192.0.2.1\n0.0.0.0/0" });
    let open = scene.order("intranet", "open", answers).await;
    let neighbour = open
        .inside(r#"php8.2 -r 'echo file_get_contents("http://closed:8080/");'"#)
        .await;
    assert!(
        neighbour.contains("Intranet"),
        "from the same network: {neighbour}"
    );

    let jar = format!("{}/wiki-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let (_, start) = wiki(&open, &jar, &[], "/doku.php?id=start").await;
    assert!(!start.contains("first page of your intranet"), "{start}");
    let (_, form) = wiki(&open, &jar, &[], "/doku.php?id=start&do=login").await;
    let password = open.secret("ADMIN_PASSWORD").await;
    let sign_in = format!("do=login&u=admin&p={password}&sectok={}", token(&form, "sectok"));
    let (_, start) = wiki(&open, &jar, &["--data", &sign_in], "/doku.php?id=start").await;
    assert!(start.contains("first page of your intranet"), "{start}");
    let (_, form) = wiki(&open, &jar, &[], "/doku.php?id=phones&do=edit").await;
    let [sectok, date, prefix] = ["sectok", "date", "prefix"].map(|field| token(&form, field));
    let save = format!(
        "id=phones&rev=0&target=section&sectok={sectok}&date={date}&prefix={prefix}&wikitext=Reception+is+100&do%5Bsave%5D=1"
    );
    let (well, said) = wiki(&open, &jar, &["--data", &save], "/doku.php?id=phones").await;
    assert!(well && said.contains("Reception is 100"), "{said}");
    open.restart().await;
    says("Reception is 100", async || {
        wiki(&open, &jar, &[], "/doku.php?id=phones").await
    })
    .await;
    std::fs::remove_file(jar).unwrap();
}
