//! The reference is whole: every code that the API can answer is explained, and every operation stands on the page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::codes::{CODES, PAGES_ONLY};
use super::reference::Reference;

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The text up to the next quotation mark, if it looks like a code.
fn slug(after_quote: &str) -> Option<&str> {
    let (slug, _) = after_quote.split_once('"')?;
    let is_slug = !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    is_slug.then_some(slug)
}

/// Every code that the source text makes an error with.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    let told = |mark: &'static str| text.split(mark).skip(1);
    let direct = told("conflict(").chain(told("code: "));
    let direct = direct.filter_map(|rest| slug(rest.trim_start().strip_prefix('"')?));
    // Where a match chooses the code, its arms are the codes.
    let chooses = text.contains("conflict(code,") || text.contains("pub fn code(&self)");
    let arms = told("=> \"").filter_map(slug);
    let arms = arms.filter(move |slug| chooses && (slug.contains('-') || *slug == "forbidden"));
    direct.chain(arms)
}

#[test]
fn every_code_is_explained_and_every_explanation_has_its_code() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut found = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| !file.to_string_lossy().contains("/help/"))
    {
        let text = fs::read_to_string(file).unwrap();
        found.extend(codes_in(&text).map(str::to_owned));
    }
    found.extend(["invalid", "internal", "unavailable"].map(str::to_owned));
    let explained: BTreeSet<_> = CODES
        .iter()
        .map(|code| code.name)
        .chain(PAGES_ONLY.iter().copied())
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = found.difference(&explained).collect();
    let idle: Vec<_> = explained.difference(&found).collect();
    assert!(missing.is_empty(), "add to src/help/codes.rs: {missing:?}");
    assert!(idle.is_empty(), "nothing answers these any more: {idle:?}");
}

#[test]
fn the_search_for_codes_finds_them() {
    let text = "Error::conflict(\n    \"no-free-port\", \"x\") code: \"bad-json\", Self::conflict(code, y) A => \"server-gone\", B => \"start\"";
    assert_eq!(
        codes_in(text).collect::<Vec<_>>(),
        ["no-free-port", "bad-json", "server-gone"]
    );
}

#[test]
fn every_operation_of_the_description_is_told_once() {
    let reference = Reference::embedded().unwrap();
    let operations: Vec<_> = reference
        .groups
        .iter()
        .flat_map(|group| &group.operations)
        .collect();
    let anchors: BTreeSet<_> = operations.iter().map(|operation| &operation.anchor).collect();
    assert_eq!(anchors.len(), operations.len(), "two operations at one place");
    let document: serde_json::Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    assert_eq!(
        operations.len(),
        paths.map(|item| item.as_object().unwrap().len()).sum::<usize>()
    );
    for operation in operations {
        assert!(
            !operation.title.is_empty() && !operation.answers.is_empty(),
            "{operation:?}"
        );
    }
}

#[test]
fn an_operation_is_read_with_all_that_it_takes_and_gives() {
    let reference = Reference::embedded().unwrap();
    let mut operations = reference.groups.iter().flat_map(|group| &group.operations);
    let create = operations
        .find(|operation| (&*operation.method, &*operation.path) == ("POST", "/api/v1/servers"))
        .unwrap();
    assert_eq!(create.scope.as_deref(), Some("servers:create"));
    let names: Vec<_> = create
        .body
        .iter()
        .map(|field| (&*field.name, field.required))
        .collect();
    assert_eq!(
        names,
        [
            ("name", true),
            ("size", true),
            ("template", true),
            ("start", false),
            ("variables", false)
        ]
    );
    assert_eq!(create.answers[0].status, "202");
    assert_eq!(
        create.answers[0].body.as_ref().unwrap().object.as_deref(),
        Some("AskedOut")
    );
    assert_eq!(
        create.curl("https://panel.example"),
        "curl -sS -X POST https://panel.example/api/v1/servers \\\n  -H \"Authorization: Bearer $BERTH_TOKEN\" \\\n  \
         -H \"Idempotency-Key: $(uuidgen)\" \\\n  -H 'Content-Type: application/json' \\\n  \
         -d '{\"name\":\"web-1\",\"size\":\"small-box\",\"template\":\"static-site\"}'"
    );
}

#[cfg(feature = "testing")]
mod pages {
    use super::super::codes::CODES;
    use crate::platform::access::TenantRole;
    use crate::testing::TestApp;

    #[tokio::test]
    async fn the_reference_is_for_everybody_and_has_a_place_for_every_code() {
        let app = TestApp::start().await;
        let page = app.anonymous().get("/help/api").await.expect(200);
        for code in CODES {
            assert!(
                page.body.contains(&format!("id=\"{}\"", code.name)),
                "{}",
                code.name
            );
        }
        assert!(page.body.contains("href=\"/sign-in\"") && !page.body.contains("class=\"rail\""));
        let problem = app.anonymous().get("/api/v1/servers").await.expect(401).json();
        let (path, anchor) = problem["type"].as_str().unwrap().split_once('#').unwrap();
        assert_eq!(path, "/help/api");
        assert!(page.body.contains(&format!("id=\"{anchor}\"")));
    }

    #[tokio::test]
    async fn help_tells_customers_their_roles_and_whom_to_write_to() {
        let app = TestApp::with(|config| config.support_contact = Some("help@host.example".to_owned())).await;
        assert_eq!(app.anonymous().get("/help").await.status, 303);
        let tenant = app.tenant("bakery").await;
        let person = app.person("ada").await;
        app.member(tenant, person, TenantRole::Viewer).await;
        let page = app.browser(person).await.get("/help").await.expect(200);
        assert!(page.body.contains("mailto:help@host.example"), "{}", page.body);
        assert!(page.body.contains("Owner, Manager, Operator, Viewer"));
        assert!(!page.body.contains("Roles of the staff"));
    }
}
