//! `kill -9` of the driver, at each point between two effects and at random: no volume that was confirmed is lost, none is
//! left over, and every limit is the one that is noted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::pool::{MIB, Pool, about, fill, until};

/// Between two effects of making a volume.
const MAKING: [&str; 5] = [
    "pool.recorded",
    "pool.group_made",
    "pool.group_placed",
    "pool.group_limited",
    "pool.subvolume_made",
];
/// Of removing one.
const REMOVING: [&str; 3] = ["pool.put_away", "pool.subvolumes_deleted", "pool.group_destroyed"];

/// Of changing a limit, of a volume and of a tenant.
const CHANGING: [&str; 2] = ["pool.limit_changed", "pool.tenant_noted"];

/// Of restoring a snapshot.
const RESTORING: [&str; 2] = ["pool.revived", "pool.exchanged"];
/// Of giving a volume to another tenant.
const GIVING: &str = "pool.given";

/// All of these.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    let all = MAKING.into_iter().chain(REMOVING).chain(CHANGING);
    all.chain(RESTORING).chain([GIVING])
}

fn restarted(pool: &mut Pool) {
    pool.serve();
    until("the pool is open", || {
        pool.call("/VolumeDriver.List", &json!({}))["Err"] == ""
    });
}

/// Starts it and calls it until it dies at `point`.
fn provoke(pool: &mut Pool, point: &str, path: &str, asked: &Value) {
    pool.start(Some(point));
    until("it listens", || pool.socket_answers());
    until(point, || pool.try_call(path, asked).is_none());
    pool.died(point);
}

#[test]
fn a_volume_that_was_half_made_is_finished() {
    let mut pool = Pool::served("2GiB");
    for (number, point) in MAKING.into_iter().enumerate() {
        pool.stop();
        let name = format!("v{number}");
        let asked = json!({ "Name": name, "Opts": { "size": "32MiB", "tenant": format!("t{number}") } });
        provoke(&mut pool, point, "/VolumeDriver.Create", &asked);
        restarted(&mut pool);
        assert!(pool.names().contains(&name), "{point}");
        let (written, _) = fill(&pool.data(&name).join("file"), 512 * MIB);
        about(written, 32 * MIB);
        about(written, pool.tenant_holds(&format!("t{number}")).unwrap());
        // The engine asks again, and is content.
        pool.good("/VolumeDriver.Create", &asked);
        pool.tidy();
    }
}

#[test]
fn a_volume_that_was_half_removed_is_gone() {
    let mut pool = Pool::served("2GiB");
    for (number, point) in REMOVING.into_iter().enumerate() {
        let (name, tenant) = (format!("v{number}"), format!("t{number}"));
        pool.create(&name, "32MiB", Some(&tenant));
        fill(&pool.data(&name).join("file"), 8 * MIB);
        pool.good("/Berth.Snapshot", &json!({ "Name": name, "Snapshot": "s" }));
        pool.stop();
        provoke(&mut pool, point, "/VolumeDriver.Remove", &json!({ "Name": name }));
        restarted(&mut pool);
        assert_eq!(pool.names(), Vec::<String>::new(), "{point}");
        pool.tidy();
        until("its tenant is gone", || pool.tenant_holds(&tenant).is_none());
    }
}

#[test]
fn a_limit_that_was_half_changed_is_one_or_the_other() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "32MiB", Some("acme"));
    pool.stop();
    let asked = json!({ "Name": "data", "Size": 64 * MIB });
    provoke(&mut pool, CHANGING[0], "/Berth.Resize", &asked);
    restarted(&mut pool);
    assert_eq!(pool.told("data")["size_bytes"], 32 * MIB);
    assert_eq!(pool.limits(), [32 * MIB]);
    pool.stop();
    let asked = json!({ "Tenant": "acme", "Limit": 24 * MIB });
    provoke(&mut pool, CHANGING[1], "/Berth.LimitTenant", &asked);
    restarted(&mut pool);
    let (written, _) = fill(&pool.data("data").join("file"), 512 * MIB);
    about(written, 24 * MIB);
}

#[test]
fn a_volume_that_was_half_restored_is_one_or_the_other() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", Some("acme"));
    let letter = pool.data("data").join("letter");
    std::fs::write(&letter, "then").unwrap();
    pool.good("/Berth.Snapshot", &json!({ "Name": "data", "Snapshot": "s" }));
    for (point, expected) in [(RESTORING[0], "now"), (RESTORING[1], "then")] {
        std::fs::write(&letter, "now").unwrap();
        pool.stop();
        let asked = json!({ "Name": "data", "Snapshot": "s" });
        provoke(&mut pool, point, "/Berth.Restore", &asked);
        restarted(&mut pool);
        assert_eq!(std::fs::read_to_string(&letter).unwrap(), expected, "{point}");
        let left = pool.root().join("volumes/data/new");
        assert!(!left.exists(), "{point}");
        // Asked again, it is what was asked for.
        pool.good("/Berth.Restore", &asked);
        assert_eq!(std::fs::read_to_string(&letter).unwrap(), "then", "{point}");
    }
    let (written, _) = fill(&pool.data("data").join("file"), 512 * MIB);
    about(written, 64 * MIB);
}

#[test]
fn a_volume_that_was_half_given_counts_for_one_tenant() {
    let mut pool = Pool::served("1GiB");
    pool.create("data", "64MiB", Some("acme"));
    fill(&pool.data("data").join("file"), 8 * MIB);
    pool.stop();
    let asked = json!({ "Name": "data", "Tenant": "other" });
    provoke(&mut pool, GIVING, "/Berth.Give", &asked);
    restarted(&mut pool);
    pool.good("/Berth.Give", &asked);
    until("it counts for the new tenant", || {
        pool.tenant_holds("other").is_some_and(|held| held >= 8 * MIB)
    });
    // The former has no volumes any more, and is forgotten with the next thing that is freed.
    pool.create("last", "16MiB", Some("third"));
    pool.remove("last");
    until("it counts for the former no more", || {
        pool.tenant_holds("acme").is_none_or(|held| held < MIB)
    });
    pool.good(
        "/Berth.LimitTenant",
        &json!({ "Tenant": "other", "Limit": 32 * MIB }),
    );
    let (written, _) = fill(&pool.data("data").join("more"), 512 * MIB);
    about(written + 8 * MIB, 32 * MIB);
}

/// What a caller knows of a volume.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    /// It was told that this is its size.
    There(u64),
    Gone,
    /// Its last call got no answer.
    Unknown,
}

/// One caller with volumes of its own, until nobody answers.
fn calls(pool: &Pool, caller: u64, seed: u64, known: &mut BTreeMap<String, Known>, stop: &AtomicBool) {
    let mut random = StdRng::seed_from_u64(seed * 10 + caller);
    while !stop.load(Ordering::Relaxed) {
        let name = format!("c{caller}-{}", random.random_range(0..3));
        let size = 16 * MIB * random.random_range(1..5);
        let before = known.get(&name).copied().unwrap_or(Known::Gone);
        let options = json!({ "size": size.to_string(), "tenant": format!("t{caller}") });
        let (path, asked, after) = match random.random_range(0..4) {
            0 | 1 => (
                "/VolumeDriver.Create",
                json!({ "Name": name, "Opts": options }),
                Known::There(size),
            ),
            2 => (
                "/Berth.Resize",
                json!({ "Name": name, "Size": size }),
                Known::There(size),
            ),
            _ => ("/VolumeDriver.Remove", json!({ "Name": name }), Known::Gone),
        };
        let now = match pool.try_call(path, &asked) {
            Some(answer) if answer["Err"] == "" => after,
            // Refused: it is there already, or it is not there.
            Some(_) => before,
            None => Known::Unknown,
        };
        known.insert(name, now);
        if now == Known::Unknown {
            return;
        }
    }
}

#[test]
fn killing_it_at_random_loses_nothing_that_was_confirmed() {
    let mut pool = Pool::served("4GiB");
    let mut known: [BTreeMap<String, Known>; 3] = Default::default();
    let seed = u64::from(rand::rng().random::<u32>());
    for round in 0..crate::chaos::kills(40) {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(round));
        let stop = AtomicBool::new(false);
        let pid = pool.pid();
        std::thread::scope(|scope| {
            for (caller, known) in (0_u64..).zip(&mut known) {
                let (pool, stop) = (&pool, &stop);
                scope.spawn(move || calls(pool, caller, seed ^ round, known, stop));
            }
            std::thread::sleep(Duration::from_millis(random.random_range(1..60)));
            super::pool::run("kill", &["-KILL", &pid.to_string()]);
            stop.store(true, Ordering::Relaxed);
        });
        pool.died("killed");
        restarted(&mut pool);
        let names = pool.names();
        for (name, known) in known.iter_mut().flatten() {
            let is_there = names.contains(name);
            let size = is_there.then(|| pool.told(name)["size_bytes"].as_u64().unwrap());
            match known {
                Known::There(wanted) => {
                    assert_eq!(size, Some(*wanted), "{name}, round {round} of seed {seed}");
                }
                Known::Gone => assert!(!is_there, "{name}, round {round} of seed {seed}"),
                Known::Unknown => *known = size.map_or(Known::Gone, Known::There),
            }
        }
        let mut sizes: Vec<u64> = names
            .iter()
            .map(|name| pool.told(name)["size_bytes"].as_u64().unwrap())
            .collect();
        sizes.sort_unstable();
        until("no limit is wrong", || {
            // Groups of what is being freed have limits, too.
            let mut limits = pool.limits();
            sizes.iter().all(|size| {
                let found = limits.iter().position(|limit| limit == size);
                found.map(|at| limits.swap_remove(at)).is_some()
            })
        });
    }
    pool.tidy();
    let tenants = pool.groups(2).len();
    assert!(tenants <= 3, "{tenants} of 3 tenants");
}
