//! What is done to a pool behind the driver's back: told, and mended where it can be.

use std::fs;
use std::io::ErrorKind::QuotaExceeded;

use serde_json::json;

use super::pool::{MIB, Pool, about, fill, run, until, words};

#[test]
fn quotas_that_were_switched_off_hold_again() {
    let pool = Pool::served("2GiB");
    pool.create("one", "64MiB", Some("acme"));
    pool.create("two", "64MiB", Some("acme"));
    pool.good(
        "/Berth.LimitTenant",
        &json!({ "Tenant": "acme", "Limit": 80 * MIB }),
    );
    pool.good("/Berth.Snapshot", &json!({ "Name": "two", "Snapshot": "s" }));
    run("btrfs", &["quota", "disable", pool.root().to_str().unwrap()]);
    let enabled = || fs::read_to_string(pool.kernel().join("qgroups/enabled")).unwrap_or_default();
    until("all groups are there and counted", || {
        let stale = fs::read_to_string(pool.kernel().join("qgroups/inconsistent")).unwrap_or_default();
        enabled().trim() == "1" && pool.limits() == [64 * MIB; 2] && stale.trim() == "0"
    });
    assert!(pool.log().contains("switching them on"), "{}", pool.log());
    let tenants = pool.groups(2);
    let limit = pool
        .kernel()
        .join(format!("qgroups/2_{}/max_referenced", tenants[0]));
    until("the tenant's limit is there", || {
        fs::read_to_string(&limit).is_ok_and(|text| text.trim() == (80 * MIB).to_string())
    });
    let (first, why) = fill(&pool.data("one").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(first, 64 * MIB);
    let (second, why) = fill(&pool.data("two").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(first + second, 80 * MIB);
}

#[test]
fn quotas_that_are_off_are_told_without_a_driver_and_mended_by_its_start() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", None);
    pool.stop();
    run("btrfs", &["quota", "disable", pool.root().to_str().unwrap()]);
    let told = pool.berth(&["pool", "status"]);
    assert!(
        !told.status.success() && words(&told).contains("quotas of the pool are switched off"),
        "{}",
        words(&told)
    );
    pool.serve();
    until("the limit is there", || pool.limits() == [64 * MIB]);
}

#[test]
fn a_limit_that_was_lifted_is_set_by_the_next_start() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", None);
    let number = pool.groups(1)[0];
    let root = pool.root();
    run(
        "btrfs",
        &[
            "qgroup",
            "limit",
            "none",
            &format!("1/{number}"),
            root.to_str().unwrap(),
        ],
    );
    pool.kill();
    pool.serve();
    until("the limit is there", || pool.limits() == [64 * MIB]);
}

#[test]
fn a_pool_that_was_unmounted_comes_back_with_everything() {
    let pool = Pool::served("1GiB");
    pool.create("data", "64MiB", Some("acme"));
    fs::write(pool.data("data").join("letter"), "kept").unwrap();
    run("umount", &["--lazy", pool.root().to_str().unwrap()]);
    // Every call is answered, with the volume or with the reason; nothing is written below the mount's place.
    let answer = pool.call("/VolumeDriver.Mount", &json!({ "Name": "data", "ID": "x" }));
    let says = answer["Err"].as_str().unwrap();
    assert!(says.is_empty() || says.contains("is not mounted"), "{says}");
    until("it is mounted again", || {
        pool.call("/VolumeDriver.Get", &json!({ "Name": "data" }))["Err"] == ""
    });
    assert_eq!(
        fs::read_to_string(pool.data("data").join("letter")).unwrap(),
        "kept"
    );
    let (written, why) = fill(&pool.data("data").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written, 64 * MIB);
}

#[test]
fn a_driver_without_its_pool_answers_and_goes_on_when_it_is_back() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", None);
    pool.stop();
    run("umount", &[pool.root().to_str().unwrap()]);
    let away = pool.source().with_extension("away");
    fs::rename(pool.source(), &away).unwrap();
    pool.serve();
    until("it says what is missing", || {
        let says = pool.refused("/VolumeDriver.Mount", &json!({ "Name": "data" }));
        says.contains("pool.img, is missing")
    });
    pool.refused(
        "/VolumeDriver.Create",
        &json!({ "Name": "new", "Opts": { "size": "16MiB" } }),
    );
    assert!(
        !pool.root().join("volumes").exists(),
        "nothing below the mount's place"
    );
    let told = pool.berth(&["pool", "status"]);
    assert!(
        !told.status.success() && words(&told).contains("is missing"),
        "{}",
        words(&told)
    );
    fs::rename(&away, pool.source()).unwrap();
    until("it is back", || {
        pool.call("/VolumeDriver.Get", &json!({ "Name": "data" }))["Err"] == ""
    });
    assert_eq!(pool.names(), ["data"]);
}

#[test]
fn a_file_that_is_deleted_under_the_pool_is_told_while_it_can_be_saved() {
    let pool = Pool::served("1GiB");
    fs::remove_file(pool.source()).unwrap();
    let told = pool.berth(&["pool", "status"]);
    assert!(
        !told.status.success() && words(&told).contains("was deleted or moved"),
        "{}",
        words(&told)
    );
    pool.create("data", "16MiB", None);
}

#[test]
fn a_note_that_was_lost_is_told_and_harms_no_other_volume() {
    let mut pool = Pool::served("1GiB");
    pool.create("bad", "16MiB", None);
    pool.create("good", "16MiB", None);
    let folder = pool.root().join("volumes/bad");
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&folder, "trusted.berth", b"{nonsense", flags).unwrap();
    pool.kill();
    pool.serve();
    until("the pool is open", || {
        pool.call("/VolumeDriver.Get", &json!({ "Name": "good" }))["Err"] == ""
    });
    let says = pool.refused("/VolumeDriver.Get", &json!({ "Name": "bad" }));
    assert!(says.contains("noted at"), "{says}");
    pool.create("more", "16MiB", None);
    assert_eq!(pool.limits().len(), 3, "its number is given to nobody else");
    let told = pool.berth(&["pool", "status"]);
    assert!(
        !told.status.success() && words(&told).contains("what is noted of the volume bad"),
        "{}",
        words(&told)
    );
}

#[test]
fn the_doctor_looks_at_pool_and_driver() {
    let mut pool = Pool::served("1GiB");
    let told = words(&pool.berth(&["doctor"]));
    assert!(
        told.contains("ok       disk quotas        enforced by the kernel"),
        "{told}"
    );
    pool.stop();
    let told = words(&pool.berth(&["doctor"]));
    assert!(told.contains("BROKEN   volume driver"), "{told}");
    let none = Pool::none();
    let told = words(&none.berth(&["doctor"]));
    assert!(told.contains("this machine has no pool"), "{told}");
}
