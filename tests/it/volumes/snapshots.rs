//! Snapshots: restored in place, given to containers as views, removed with what customers nested in them, and a volume that
//! gets another tenant.

use std::fs;

use serde_json::json;

use super::pool::{MIB, Pool, about, fill, run};

#[test]
fn a_restored_volume_is_as_it_was_and_keeps_its_limit() {
    let pool = Pool::served("1GiB");
    pool.create("data", "64MiB", Some("acme"));
    pool.create("other", "64MiB", Some("acme"));
    fs::write(pool.data("data").join("kept"), "as it was").unwrap();
    fs::write(pool.data("other").join("kept"), "other").unwrap();
    pool.good("/Berth.Snapshot", &json!({ "Name": "data", "Snapshot": "s" }));
    fs::write(pool.data("data").join("kept"), "changed").unwrap();
    fs::write(pool.data("data").join("new"), "new").unwrap();
    // Something that any user of a btrfs may make, and that no snapshot holds.
    let nested = pool.data("data").join("nested");
    run("btrfs", &["subvolume", "create", nested.to_str().unwrap()]);
    pool.good("/Berth.Restore", &json!({ "Name": "data", "Snapshot": "s" }));
    assert_eq!(
        fs::read_to_string(pool.data("data").join("kept")).unwrap(),
        "as it was"
    );
    assert!(!pool.data("data").join("new").exists());
    assert!(!nested.exists());
    assert_eq!(
        fs::read_to_string(pool.data("other").join("kept")).unwrap(),
        "other"
    );
    let (written, stopped) = fill(&pool.data("data").join("file"), 512 * MIB);
    about(written, 64 * MIB);
    assert_eq!(stopped, Some(std::io::ErrorKind::QuotaExceeded));
    let says = pool.refused("/Berth.Restore", &json!({ "Name": "data", "Snapshot": "none" }));
    assert!(says.contains("no snapshot"), "{says}");
    pool.refused("/Berth.Restore", &json!({ "Name": "data", "Snapshot": "../x" }));
}

#[test]
fn a_view_shows_a_snapshot_and_keeps_it() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", None);
    fs::write(pool.data("data").join("letter"), "then").unwrap();
    pool.good("/Berth.Snapshot", &json!({ "Name": "data", "Snapshot": "s" }));
    fs::write(pool.data("data").join("letter"), "now").unwrap();
    let asked = json!({ "Name": "view", "Opts": { "of": "data", "snapshot": "s" } });
    pool.good("/VolumeDriver.Create", &asked);
    // The engine asks again.
    pool.good("/VolumeDriver.Create", &asked);
    for _ in 0..2 {
        assert_eq!(pool.names(), ["data", "view"]);
        let mounted = pool.good("/VolumeDriver.Mount", &json!({ "Name": "view", "ID": "x" }));
        let place = std::path::PathBuf::from(mounted["Mountpoint"].as_str().unwrap());
        assert_eq!(fs::read_to_string(place.join("letter")).unwrap(), "then");
        assert!(fs::write(place.join("letter"), "no").is_err(), "it is read-only");
        let says = pool.refused(
            "/Berth.RemoveSnapshot",
            &json!({ "Name": "data", "Snapshot": "s" }),
        );
        assert!(says.contains("view"), "{says}");
        // It is there for the next driver, too.
        pool.stop();
        pool.serve();
        super::pool::until("the pool is open", || {
            pool.try_call("/VolumeDriver.List", &json!({}))
                .is_some_and(|a| a["Err"] == "")
        });
    }
    let other = json!({ "Name": "view", "Opts": { "of": "data", "snapshot": "t" } });
    pool.refused("/VolumeDriver.Create", &other);
    pool.refused(
        "/VolumeDriver.Create",
        &json!({ "Name": "view", "Opts": { "size": "16MiB" } }),
    );
    pool.refused(
        "/VolumeDriver.Create",
        &json!({ "Name": "v2", "Opts": { "of": "data", "snapshot": "none" } }),
    );
    pool.refused(
        "/VolumeDriver.Create",
        &json!({ "Name": "v2", "Opts": { "of": "../x", "snapshot": "s" } }),
    );
    pool.remove("view");
    assert_eq!(pool.names(), ["data"]);
    pool.good(
        "/Berth.RemoveSnapshot",
        &json!({ "Name": "data", "Snapshot": "s" }),
    );
}

#[test]
fn a_volume_that_gets_another_tenant_counts_for_that_one() {
    let pool = Pool::served("1GiB");
    pool.create("data", "64MiB", Some("acme"));
    pool.create("stays", "64MiB", Some("acme"));
    fill(&pool.data("data").join("file"), 16 * MIB);
    pool.good(
        "/Berth.LimitTenant",
        &json!({ "Tenant": "other", "Limit": 24 * MIB }),
    );
    pool.good("/Berth.Give", &json!({ "Name": "data", "Tenant": "other" }));
    pool.good("/Berth.Give", &json!({ "Name": "data", "Tenant": "other" }));
    assert_eq!(pool.told("data")["tenant"], "other");
    assert!(pool.tenant_holds("acme").unwrap() < MIB);
    let held = pool.tenant_holds("other").unwrap();
    assert!((16 * MIB..17 * MIB).contains(&held), "{held}");
    let (written, _) = fill(&pool.data("data").join("more"), 512 * MIB);
    about(written + held, 24 * MIB);
    pool.good(
        "/Berth.LimitTenant",
        &json!({ "Tenant": "acme", "Limit": 32 * MIB }),
    );
    let (written, _) = fill(&pool.data("stays").join("file"), 512 * MIB);
    about(written, 32 * MIB);
}
