//! Making pools: never over something, harmless when repeated, and larger later.

use std::fs;

use serde_json::json;

use super::pool::{MIB, Pool, fill, run, until, words};

#[test]
fn a_pool_is_made_once() {
    let pool = Pool::none();
    let missing = pool.berth(&["pool", "init"]);
    assert!(
        !missing.status.success() && words(&missing).contains("--size 100GiB"),
        "{}",
        words(&missing)
    );
    let small = pool.berth(&["pool", "init", "--size", "1MiB"]);
    assert!(words(&small).contains("at least 256 MiB"), "{}", words(&small));
    let first = pool.berth(&["pool", "init", "--size", "1GiB"]);
    assert!(words(&first).contains("A new pool is at"), "{}", words(&first));
    let again = pool.berth(&["pool", "init", "--size", "1GiB"]);
    assert!(
        again.status.success() && words(&again).contains("There is a pool"),
        "{}",
        words(&again)
    );
    // It is sparse: it takes its space as it fills.
    let data = fs::metadata(pool.source()).unwrap();
    assert_eq!(data.len(), 1 << 30);
    assert!(std::os::unix::fs::MetadataExt::blocks(&data) * 512 < 200 * MIB);
    let status = pool.berth(&["pool", "status"]);
    assert!(status.status.success(), "{}", words(&status));
    assert!(words(&status).contains("enforced by the kernel"));
}

#[test]
fn init_overwrites_nothing() {
    let pool = Pool::none();
    let refused = |what: &str, setup: &[&str]| {
        let told = pool.berth(&[&["pool", "init", "--size", "1GiB"], setup].concat());
        assert!(
            !told.status.success() && words(&told).contains(what),
            "{}",
            words(&told)
        );
    };
    fs::write(pool.source(), "somebody's letter").unwrap();
    refused("exists and is no pool", &[]);
    assert_eq!(fs::read_to_string(pool.source()).unwrap(), "somebody's letter");
    fs::remove_file(pool.source()).unwrap();

    fs::create_dir(pool.root()).unwrap();
    fs::write(pool.root().join("letter"), "another").unwrap();
    refused("is not empty, there is “letter”", &[]);
    fs::remove_file(pool.root().join("letter")).unwrap();

    // A file with another file system, and the same as a block device.
    let disk = pool.root().with_extension("disk");
    fs::File::create(&disk).unwrap().set_len(512 * MIB).unwrap();
    run("mkfs.ext4", &["-q", disk.to_str().unwrap()]);
    refused("exists and is no pool", &["--source", disk.to_str().unwrap()]);
    let device = run("losetup", &["--find", "--show", disk.to_str().unwrap()]);
    let device = device.trim();
    refused("holds something already (ext4)", &["--source", device]);
    assert!(run("blkid", &["--probe", device]).contains("ext4"));
    run("wipefs", &["--quiet", "--all", device]);
    let made = pool.berth(&["pool", "init", "--source", device]);
    assert!(made.status.success(), "{}", words(&made));
    run("umount", &[pool.root().to_str().unwrap()]);
    run("losetup", &["--detach", device]);
}

#[test]
fn an_init_that_was_broken_off_is_finished_by_the_next() {
    let pool = Pool::none();
    // It got as far as the file system, and its file its name.
    fs::File::create(pool.source())
        .unwrap()
        .set_len(512 * MIB)
        .unwrap();
    run(
        "mkfs.btrfs",
        &[
            "--quiet",
            "--label",
            "berth-pool",
            pool.source().to_str().unwrap(),
        ],
    );
    let made = pool.berth(&["pool", "init"]);
    assert!(made.status.success(), "{}", words(&made));
    assert!(words(&pool.berth(&["pool", "status"])).contains("enforced by the kernel"));
}

#[test]
fn a_full_pool_says_so_and_is_made_larger_while_it_is_used() {
    let pool = Pool::served("512MiB");
    pool.create("data", "4GiB", None);
    let (_, why) = fill(&pool.data("data").join("file"), 4096 * MIB);
    assert_eq!(why, Some(std::io::ErrorKind::StorageFull));
    let told = pool.berth(&["pool", "status"]);
    assert!(
        !told.status.success() && words(&told).contains("berth pool grow"),
        "{}",
        words(&told)
    );
    // It answers, and it frees what is removed.
    assert_eq!(pool.names(), ["data"]);
    let less = pool.berth(&["pool", "grow", "--size", "256MiB"]);
    assert!(words(&less).contains("can't be made smaller"), "{}", words(&less));
    let grown = pool.berth(&["pool", "grow", "--size", "2GiB"]);
    assert!(
        grown.status.success() && words(&grown).contains("2048 MiB"),
        "{}",
        words(&grown)
    );
    assert_eq!(
        fill(&pool.data("data").join("more"), 256 * MIB),
        (256 * MIB, None)
    );
    let told = pool.berth(&["pool", "status"]);
    assert!(told.status.success(), "{}", words(&told));
    pool.remove("data");
    pool.tidy();
}

#[test]
fn a_soft_pool_measures_and_says_that_it_enforces_nothing() {
    let mut pool = Pool::none();
    let made = pool.berth(&["pool", "init", "--soft"]);
    assert!(
        words(&made).contains("soft quota: measured, not enforced"),
        "{}",
        words(&made)
    );
    pool.serve();
    until("the pool is open", || {
        pool.call("/VolumeDriver.List", &json!({}))["Err"] == ""
    });
    pool.create("data", "16MiB", Some("acme"));
    assert_eq!(pool.told("data")["quota"], "soft quota: measured, not enforced");
    assert_eq!(fill(&pool.data("data").join("file"), 24 * MIB), (24 * MIB, None));
    let used = pool.told("data")["used_bytes"].as_u64().unwrap();
    assert!((24 * MIB..26 * MIB).contains(&used), "{used}");
    assert!(pool.tenant_holds("acme").is_some_and(|used| used >= 24 * MIB));
    let says = pool.refused("/Berth.Snapshot", &json!({ "Name": "data", "Snapshot": "s" }));
    assert!(says.contains("needs btrfs"), "{says}");
    pool.good("/Berth.Resize", &json!({ "Name": "data", "Size": 32 * MIB }));
    pool.kill();
    pool.serve();
    until("the pool is open", || {
        pool.call("/VolumeDriver.List", &json!({}))["Err"] == ""
    });
    assert_eq!(pool.told("data")["size_bytes"], 32 * MIB);
    pool.remove("data");
    until("it is gone", || {
        !pool.data("data").exists() && pool.names().is_empty()
    });
}
