//! Nobody gets lost: whatever mail's pages lead to answers, and from where mail begins all of its pages can be reached.

use std::collections::{BTreeSet, VecDeque};

use scraper::{Html, Selector};

use crate::platform::access::TenantRole;
use crate::platform::ids::{MailAliasId, MailDomainId, MailboxId, TenantId};
use crate::testing::{Client, TestApp};

use super::rows;

/// More pages than these have no scene here, unless links grow without an end.
const MOST: usize = 80;

const AREA: &str = "/t/acme/mail";

/// Where a page leads to within the area. Orders of a list are left out: they are the list again.
fn links(body: &str, area: &str) -> Vec<String> {
    let (page, anchors) = (Html::parse_document(body), Selector::parse("a[href]").unwrap());
    let hrefs = page.select(&anchors).filter_map(|anchor| anchor.attr("href"));
    hrefs
        .map(|href| href.split('#').next().unwrap_or_default())
        .filter(|href| {
            href.strip_prefix(area)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        })
        .filter(|href| !href.contains("sort="))
        .map(str::to_owned)
        .collect()
}

/// Opens all that can be reached from the area's beginning, and says where that was. Each page has to answer.
async fn crawl(browser: &Client, area: &str) -> BTreeSet<String> {
    let (mut seen, mut waiting) = (
        BTreeSet::new(),
        VecDeque::from([(area.to_owned(), String::new())]),
    );
    while let Some((href, from)) = waiting.pop_front() {
        if !seen.insert(href.clone()) {
            continue;
        }
        assert!(seen.len() <= MOST, "there is no end of them: {seen:?}");
        let answer = browser.get(&href).await;
        assert_eq!(answer.status, 200, "{href}, to which {from} leads");
        let more = links(&answer.body, area).into_iter();
        waiting.extend(more.map(|more| (more, href.clone())));
    }
    seen
}

struct Scene {
    test: TestApp,
    tenant: TenantId,
    domain: MailDomainId,
    mailbox: MailboxId,
    alias: MailAliasId,
    own: Client,
}

impl Scene {
    /// A domain with a mailbox that has one of everything, one that is not verified, and a mailbox that is deleted.
    async fn new() -> Self {
        let test = TestApp::start().await;
        let tenant = test.tenant("acme").await;
        let domain = rows::domain(&test, tenant, "acme.example", true).await;
        rows::domain(&test, tenant, "new.example", false).await;
        let (mailbox, own) = test.mailbox_person(tenant, "ann@acme.example").await;
        let (alias, _) = test.things_of_mailbox(tenant, mailbox).await;
        test.mailbox_person(tenant, "bob@acme.example").await;
        test.administer(
            "update mailbox set deleted_at = now(), purge_after = now() + interval '9 days' where local_part = 'bob'",
        )
        .await;
        Self {
            test,
            tenant,
            domain,
            mailbox,
            alias,
            own,
        }
    }

    async fn browser(&self, role: TenantRole) -> Client {
        let person = self.test.person("ada").await;
        self.test.member(self.tenant, person, role).await;
        self.test.browser(person).await
    }
}

#[tokio::test]
async fn an_owner_reaches_everything_and_nothing_is_dead() {
    let it = Scene::new().await;
    let seen = crawl(&it.browser(TenantRole::Owner).await, AREA).await;
    let (domain, mailbox) = (
        format!("/domains/{}", it.domain),
        format!("/mailboxes/{}", it.mailbox),
    );
    let lists = [
        "",
        "/domains/new",
        "/mailboxes",
        "/mailboxes/new",
        "/deleted-mailboxes",
        "/aliases",
        "/aliases/new",
        "/imports",
        "/imports/new",
        "/export.csv",
        "/fetches",
        "/trace",
        "/quarantine",
    ];
    let of_domain = ["", "/mailboxes", "/aliases"].map(|below| format!("{domain}{below}"));
    let of_mailbox = [
        "",
        "/app-passwords",
        "/rules",
        "/rules/new",
        "/rules/0",
        "/forwarding",
        "/send-as",
        "/set-up",
        "/apple",
        "/fetch",
    ];
    let of_mailbox = of_mailbox.map(|below| format!("{mailbox}{below}"));
    let of_alias = ["", "/edit"].map(|below| format!("/aliases/{}{below}", it.alias));
    let wanted = lists.map(str::to_owned).into_iter();
    for below in wanted.chain(of_domain).chain(of_mailbox).chain(of_alias) {
        assert!(
            seen.contains(&format!("{AREA}{below}")),
            "nothing leads to {below}: {seen:?}"
        );
    }
}

#[tokio::test]
async fn a_viewer_is_led_to_nothing_that_is_refused() {
    let it = Scene::new().await;
    let seen = crawl(&it.browser(TenantRole::Viewer).await, AREA).await;
    assert!(seen.contains(&format!("{AREA}/mailboxes/{}/forwarding", it.mailbox)));
    assert!(
        !seen.contains(&format!("{AREA}/trace")),
        "it is not theirs to see"
    );
}

#[tokio::test]
async fn a_mailbox_s_own_person_reaches_all_of_their_pages() {
    let it = Scene::new().await;
    let seen = crawl(&it.own, "/mailbox").await;
    for below in [
        "",
        "/password",
        "/app-passwords",
        "/rules",
        "/rules/new",
        "/rules/0",
        "/forwarding",
        "/aliases",
        "/set-up-program",
        "/set-up-program/apple",
    ] {
        assert!(
            seen.contains(&format!("/mailbox{below}")),
            "nothing leads to {below}: {seen:?}"
        );
    }
}
