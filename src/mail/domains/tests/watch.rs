//! Domains that were verified are looked at again: what DNS shows, who is told, and that nothing is taken away.

use chrono::TimeDelta;

use super::*;
use crate::mail::domains::Watch;
use crate::platform::access::StaffRole;
use crate::platform::reconcile::Reconciler as _;

impl Scene {
    /// Looks at all that is due. Says how many were.
    async fn watch(&self) -> usize {
        let watch = Watch::new(&self.test.app);
        let claimed = watch.claim(10).await.unwrap();
        let count = claimed.len();
        for one in claimed {
            watch.reconcile(one).await.unwrap();
        }
        count
    }

    /// Takes all that DNS has of a domain away.
    fn unpublish(&self, name: &str) {
        self.test.dns.set_txt(&format!("_berth.{name}"), &[]);
        self.test.dns.set_mx(name, &[]);
    }

    async fn actions(&self) -> Vec<String> {
        let events = self.get("/api/v1/audit-events").await;
        let events = events["items"].as_array().unwrap().iter();
        events.map(|event| text(&event["action"]).to_owned()).collect()
    }
}

#[tokio::test]
async fn what_dns_shows_no_more_is_told_and_stays() {
    let it = Scene::new().await;
    let domain = it.proved("a.example").await;
    assert_eq!(it.watch().await, 0, "it was proved just now");
    it.test.clock.advance(TimeDelta::days(1));
    assert_eq!(it.watch().await, 1);
    assert_eq!(it.watch().await, 0, "once a day");
    assert_eq!(it.get(&domain).await["lost_at"], Value::Null);

    it.unpublish("a.example");
    it.test.clock.advance(TimeDelta::days(1));
    it.watch().await;
    let lost = it.get(&domain).await;
    assert!(lost["lost_at"].is_string(), "{lost}");
    assert_eq!(lost["state"], "active", "nothing is taken away");
    it.test.clock.advance(TimeDelta::hours(6));
    assert_eq!(it.watch().await, 1, "it is looked at more often");
    assert_eq!(it.get(&domain).await["lost_at"], lost["lost_at"]);

    // Mail that goes here is enough.
    it.test.dns.set_mx("a.example", &[(10, HOST)]);
    it.test.clock.advance(TimeDelta::hours(6));
    it.watch().await;
    assert_eq!(it.get(&domain).await["lost_at"], Value::Null);
    let told = it.actions().await;
    let count = |verb: &str| told.iter().filter(|action| *action == verb).count();
    assert_eq!(
        (count("mail_domain.lose"), count("mail_domain.find")),
        (1, 1),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_dns_that_is_away_says_nothing() {
    let it = Scene::new().await;
    let domain = it.proved("a.example").await;
    it.unpublish("a.example");
    it.test.dns.be_away(true);
    it.test.clock.advance(TimeDelta::days(2));
    assert_eq!(it.watch().await, 1);
    assert_eq!(it.get(&domain).await["lost_at"], Value::Null);
    it.test.dns.be_away(false);
    it.test.clock.advance(TimeDelta::hours(1));
    assert_eq!(it.watch().await, 1, "it is asked again soon");
    assert!(it.get(&domain).await["lost_at"].is_string());
}

#[tokio::test]
async fn one_that_nobody_proved_is_not_looked_at() {
    let it = Scene::new().await;
    it.add("a.example").await;
    it.test.clock.advance(TimeDelta::days(9));
    assert_eq!(it.watch().await, 0);
}

#[tokio::test]
async fn staff_are_warned_after_three_days() {
    let it = Scene::new().await;
    it.proved("a.example").await;
    it.proved("b.example").await;
    it.unpublish("a.example");
    it.test.clock.advance(TimeDelta::days(1));
    it.watch().await;
    let sam = it.test.staff("sam", StaffRole::Owner).await;
    let program = it
        .test
        .program_until(sam, None, &[Permission::StaffMailRead], TimeDelta::days(30))
        .await;
    let lost = async || {
        let list = program.get("/api/v1/staff/mail/domains?lost=true").await;
        let items = list.expect(200).json()["items"].as_array().unwrap().clone();
        let names: Vec<String> = items.iter().map(|item| text(&item["name"]).to_owned()).collect();
        let state = program.get("/api/v1/staff/mail").await.expect(200).json();
        assert_eq!(state["lost_domains"], names.len(), "{state}");
        names
    };
    assert!(lost().await.is_empty(), "zones break, and are moved");
    it.test.clock.advance(TimeDelta::days(3));
    assert_eq!(lost().await, ["a.example"]);
    let browser = it.test.browser(sam).await;
    let page = browser.get("/staff/mail").await.expect(200);
    assert!(
        page.body.contains("DNS shows nothing any more of one domain"),
        "{}",
        page.body
    );
    let lost_ones = browser.get("/staff/mail/domains?lost=true").await.expect(200);
    assert!(lost_ones.body.contains("a.example") && !lost_ones.body.contains("b.example"));
}
