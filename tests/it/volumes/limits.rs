//! Quotas: of volumes and tenants, to the byte; while they change; with snapshots and with customers' own subvolumes.

use std::fs;
use std::io::ErrorKind::QuotaExceeded;
use std::process::Command;

use serde_json::json;

use super::pool::{MIB, Pool, about, fill, run, until};

#[test]
fn a_volume_stops_at_its_quota_and_others_do_not_notice() {
    let pool = Pool::served("2GiB");
    pool.create("small", "64MiB", None);
    pool.create("other", "64MiB", None);
    let (written, why) = fill(&pool.data("small").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written, 64 * MIB);
    assert_eq!(fill(&pool.data("other").join("file"), 32 * MIB), (32 * MIB, None));
    // What was deleted may be written again.
    fs::remove_file(pool.data("small").join("file")).unwrap();
    until("its space is free", || pool.holds("small") < MIB);
    let (written, why) = fill(&pool.data("small").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written, 64 * MIB);
}

#[test]
fn a_tenant_stops_at_its_quota_across_volumes() {
    let pool = Pool::served("2GiB");
    for name in ["one", "two"] {
        pool.create(name, "128MiB", Some("acme"));
    }
    pool.create("three", "128MiB", Some("umbra"));
    let limited = json!({ "Tenant": "acme", "Limit": 160 * MIB });
    pool.good("/Berth.LimitTenant", &limited);
    let (first, why) = fill(&pool.data("one").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(first, 128 * MIB);
    let (second, why) = fill(&pool.data("two").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(first + second, 160 * MIB);
    assert_eq!(fill(&pool.data("three").join("file"), 32 * MIB), (32 * MIB, None));

    about(first + second, pool.tenant_holds("acme").unwrap());
    let too_small = json!({ "Tenant": "acme", "Limit": 100 * MIB });
    let says = pool.refused("/Berth.LimitTenant", &too_small);
    assert!(says.contains("acme holds"), "{says}");
    pool.good("/Berth.LimitTenant", &json!({ "Tenant": "acme", "Limit": null }));
    let (more, why) = fill(&pool.data("two").join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(second + more, 128 * MIB);
}

#[test]
fn a_volume_is_resized_while_it_is_used_and_never_below_its_use() {
    let pool = Pool::served("2GiB");
    pool.create("data", "64MiB", None);
    let file = pool.data("data").join("file");
    let (written, _) = fill(&file, 512 * MIB);
    pool.good("/Berth.Resize", &json!({ "Name": "data", "Size": 96 * MIB }));
    let (more, why) = fill(&file, 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written + more, 96 * MIB);

    let says = pool.refused("/Berth.Resize", &json!({ "Name": "data", "Size": 80 * MIB }));
    assert!(
        says.contains("the volume data holds 9") && says.contains("80 MiB is too small"),
        "{says}"
    );
    assert_eq!(pool.told("data")["size_bytes"], 96 * MIB, "nothing changed");
    fs::remove_file(&file).unwrap();
    until("its space is free", || pool.holds("data") < MIB);
    pool.good("/Berth.Resize", &json!({ "Name": "data", "Size": 32 * MIB }));
    let (written, why) = fill(&file, 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written, 32 * MIB);
    let says = pool.refused("/Berth.Resize", &json!({ "Name": "data", "Size": 1 }));
    assert!(says.contains("at least 16 MiB"), "{says}");
    let told = pool.berth(&["pool", "resize", "data", "48MiB"]);
    assert!(told.status.success());
    assert_eq!(pool.told("data")["size_bytes"], 48 * MIB);
}

#[test]
fn snapshots_count_for_the_volume_and_its_tenant() {
    let pool = Pool::served("2GiB");
    pool.create("data", "96MiB", Some("acme"));
    let file = pool.data("data").join("file");
    fill(&file, 40 * MIB);
    let asked = json!({ "Name": "data", "Snapshot": "monday" });
    pool.good("/Berth.Snapshot", &asked);
    assert!(
        pool.refused("/Berth.Snapshot", &asked)
            .contains("choose another name")
    );
    assert_eq!(pool.told("data")["snapshots"], json!(["monday"]));
    // The file is replaced. What the snapshot holds is still held.
    fs::remove_file(&file).unwrap();
    until("only the snapshot holds it", || pool.holds("data") < 41 * MIB);
    let (written, why) = fill(&file, 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written + 40 * MIB, 96 * MIB);
    about(written + 40 * MIB, pool.tenant_holds("acme").unwrap());
    let kept = pool.root().join("volumes/data/snapshots/monday/file");
    assert_eq!(fs::metadata(&kept).unwrap().len(), 40 * MIB);
    assert_eq!(
        fs::write(&kept, "x").unwrap_err().kind(),
        std::io::ErrorKind::ReadOnlyFilesystem
    );

    pool.good("/Berth.RemoveSnapshot", &asked);
    until("the snapshot's space is free", || {
        pool.tenant_holds("acme")
            .is_some_and(|used| used <= written + MIB)
    });
    let (more, why) = fill(&file, 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(written + more, 96 * MIB);
    pool.remove("data");
    pool.tidy();
    until("the tenant has gone, too", || pool.groups(2).is_empty());
}

#[test]
fn subvolumes_that_a_customer_makes_count_too() {
    let pool = Pool::served("2GiB");
    pool.create("data", "64MiB", Some("acme"));
    let data = pool.data("data");
    // A path that makes the list of groups lie, if it can.
    let folder = data.join("x\n0/9999999 1 1 1");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(65_534), Some(65_534)).unwrap();
    let nested = folder.join("1 y");
    let made = Command::new("setpriv")
        .args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "btrfs",
            "subvolume",
            "create",
        ])
        .arg(&nested)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let (before, _) = fill(&nested.join("file"), 24 * MIB);
    // It counts a second later, and everything together stops at the quota.
    until("what is in it counts", || {
        pool.tenant_holds("acme").is_some_and(|used| used >= before)
    });
    let (more, why) = fill(&nested.join("file"), 512 * MIB);
    assert_eq!(why, Some(QuotaExceeded));
    about(before + more, 64 * MIB);

    // It goes with the volume, whatever it is called and holds.
    fs::remove_file(nested.join("file")).unwrap();
    until("its space is free", || {
        pool.tenant_holds("acme").is_some_and(|used| used < MIB)
    });
    run(
        "btrfs",
        &["subvolume", "create", nested.join("deeper").to_str().unwrap()],
    );
    fill(&nested.join("deeper/file"), MIB);
    pool.remove("data");
    pool.tidy();
    assert_eq!(pool.names(), Vec::<String>::new());
}

#[test]
fn volumes_made_at_once_are_all_made_and_all_limited() {
    let pool = Pool::served("2GiB");
    std::thread::scope(|scope| {
        for number in 0..24 {
            let pool = &pool;
            scope.spawn(move || {
                let tenant = format!("tenant-{}", number % 3);
                pool.create(&format!("v{number}"), "16MiB", Some(&tenant));
            });
        }
    });
    assert_eq!(pool.names().len(), 24);
    assert_eq!(pool.limits(), vec![16 * MIB; 24]);
    assert_eq!(pool.groups(2).len(), 3);
    std::thread::scope(|scope| {
        for number in 0..24 {
            let pool = &pool;
            scope.spawn(move || pool.remove(&format!("v{number}")));
        }
    });
    pool.tidy();
    until("the tenants have gone, too", || pool.groups(2).is_empty());
}
