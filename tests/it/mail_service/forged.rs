//! Mail whose domain's owner says in DNS that nobody here may send it. Docker's bridge hides who connects in these tests, as it does on
//! some machines: all of the world is its gateway then, a private address, and none of it is local for that.

use serde_json::{Value, json};

use super::world::World;

const ZONE: [&str; 5] = [
    "bank.example. 1 IN TXT \"v=spf1 ip4:192.0.2.7 -all\"",
    "strict.example. 1 IN TXT \"v=spf1 ip4:192.0.2.7 -all\"",
    "_dmarc.strict.example. 1 IN TXT \"v=DMARC1; p=reject\"",
    "wary.example. 1 IN TXT \"v=spf1 ip4:192.0.2.7 -all\"",
    "_dmarc.wary.example. 1 IN TXT \"v=DMARC1; p=quarantine\"",
];

/// What a mailbox has in a folder that has one mail.
async fn only(world: &mut World, folder: &str) -> String {
    let mut mails = world.read("ann@acme.test", folder, 1).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

#[tokio::test]
async fn a_forged_domain_is_refused_or_marked_also_behind_dockers_gateway() {
    let records: Vec<String> = ZONE.iter().map(|line| (*line).to_owned()).collect();
    let mut world = World::where_dns_has(&records).await;
    let (smtp, id) = (world.service.ports.smtp, world.id_of("ann@acme.test").await);
    // What a failed SPF weighs is enough for Ann.
    let spam = json!({ "score": 4.0, "allowed": [], "blocked": [] });
    world
        .own("PUT", &format!("/api/v1/mail/mailboxes/{id}/spam"), spam, 200)
        .await;
    world.clients.ask("smtp_open", json!(["out", smtp, "none"])).await;
    let to = ["ann@acme.test"];
    let refused = world.send("out", ("ceo@strict.example", &to), "refused").await;
    assert_eq!(
        (&refused["step"], &refused["code"]),
        (&json!("data"), &json!(554)),
        "{refused}"
    );
    let marked = world.send("out", ("ceo@bank.example", &to), "by SPF").await;
    assert_eq!(marked["step"], "done", "{marked}");
    let junk = only(&mut world, "Junk").await;
    assert!(
        junk.contains("Subject: by SPF") && junk.contains("spf=fail") && junk.contains("R_SPF_FAIL"),
        "{junk}"
    );
    let quarantined = world.send("out", ("ceo@wary.example", &to), "by DMARC").await;
    assert_eq!(quarantined["step"], "done", "{quarantined}");
    let all = world.read("ann@acme.test", "Junk", 2).await;
    let quarantined = all
        .iter()
        .find(|mail| mail.contains("Subject: by DMARC"))
        .unwrap();
    assert!(
        quarantined.contains("X-Spam: Yes") && quarantined.contains("dmarc=fail"),
        "{quarantined}"
    );
}

/// The container's own way is the only one that is local.
#[tokio::test]
async fn rspamd_takes_no_private_network_for_its_own() {
    let world = World::start().await;
    let dump = world
        .service
        .run(&["rspamadm", "configdump", "-j", "options"])
        .await;
    let options: Value = serde_json::from_str(&dump).unwrap();
    let local = options["local_addrs"]
        .as_array()
        .unwrap_or_else(|| panic!("{dump}"));
    assert!(!local.is_empty(), "{dump}");
    for one in local {
        let one = one.as_str().unwrap();
        assert!(one.starts_with("127.") || one == "::1", "{local:?}");
    }
}
