//! Every call is answered: what makes no sense, what is not there, what is far too long.

use serde_json::json;

use super::pool::{MIB, Pool, call, until, words};

#[test]
fn the_engines_protocol_is_answered_as_documented() {
    let pool = Pool::served("1GiB");
    let answer = pool.call("/Plugin.Activate", &json!({}));
    assert_eq!(answer["Implements"], json!(["VolumeDriver"]));
    let answer = pool.call("/VolumeDriver.Capabilities", &json!({}));
    assert_eq!(answer["Capabilities"]["Scope"], "local");
    pool.create("data", "32MiB", Some("acme"));
    // The engine may ask for the same again, when it has not got the answer.
    pool.create("data", "32MiB", Some("acme"));
    let place = pool.data("data");
    let named = json!({ "Name": "data", "ID": "abc" });
    for path in ["/VolumeDriver.Mount", "/VolumeDriver.Path"] {
        assert_eq!(pool.good(path, &named)["Mountpoint"], place.to_str().unwrap());
    }
    pool.good("/VolumeDriver.Unmount", &named);
    let volume = &pool.good("/VolumeDriver.Get", &named)["Volume"];
    assert_eq!(volume["Mountpoint"], place.to_str().unwrap());
    assert_eq!(volume["Status"]["tenant"], "acme");
    assert_eq!(volume["Status"]["quota"], "enforced by the kernel");
    assert!(
        volume["CreatedAt"]
            .as_str()
            .is_some_and(|made| made.ends_with('Z')),
        "{volume}"
    );
    let other = json!({ "Name": "data", "Opts": { "size": "32MiB", "tenant": "umbra" } });
    assert!(
        pool.refused("/VolumeDriver.Create", &other)
            .contains("another tenant")
    );
    let other = json!({ "Name": "data", "Opts": { "size": "64MiB", "tenant": "acme" } });
    assert!(
        pool.refused("/VolumeDriver.Create", &other)
            .contains("berth pool resize")
    );
    pool.remove("data");
    assert!(
        pool.refused("/VolumeDriver.Remove", &named)
            .contains("there is no volume data")
    );
    assert!(
        pool.refused("/VolumeDriver.Get", &named)
            .contains("there is no volume data")
    );
    // The name is free at once, while the old data are being freed.
    pool.create("data", "16MiB", None);
    assert_eq!(pool.told("data")["tenant"], json!(null));
}

#[test]
fn nothing_from_hell_gets_in_or_goes_unanswered() {
    let pool = Pool::served("1GiB");
    let names = [
        "", ".", "..", "../x", "a/../b", "/etc", "a\u{0}b", "a b", "-x", "a\nb", "é", "${HOME}", ".berth",
    ];
    let long = "a".repeat(5000);
    for name in names.into_iter().chain([long.as_str()]) {
        let asked = json!({ "Name": name, "Opts": { "size": "16MiB" } });
        for call in ["Create", "Remove", "Get", "Mount", "Path"] {
            pool.refused(&format!("/VolumeDriver.{call}"), &asked);
        }
        pool.refused("/Berth.Resize", &json!({ "Name": name, "Size": 32 * MIB }));
        let tenant = json!({ "Name": "v", "Opts": { "size": "16MiB", "tenant": name } });
        pool.refused("/VolumeDriver.Create", &tenant);
        pool.refused("/Berth.LimitTenant", &json!({ "Tenant": name, "Limit": null }));
        pool.refused("/Berth.Snapshot", &json!({ "Name": "v", "Snapshot": name }));
    }
    for size in ["", "0", "-1", "1MiB", "1.5GiB", "9999999999TiB", "ten", "1e99"] {
        let asked = json!({ "Name": "v", "Opts": { "size": size } });
        pool.refused("/VolumeDriver.Create", &asked);
    }
    pool.refused("/VolumeDriver.Create", &json!({ "Name": "v" }));
    pool.refused("/VolumeDriver.Create", &json!({ "Name": "v", "Opts": null }));
    let option = json!({ "Name": "v", "Opts": { "size": "16MiB", "device": "/dev/sda" } });
    assert!(
        pool.refused("/VolumeDriver.Create", &option)
            .contains("no option “device”")
    );
    let huge = format!("{{\"Name\":\"{}\"}}", "a".repeat(100_000));
    for body in ["", "{", "[]", "null", "{\"Name\":1}", "\u{1}", huge.as_str()] {
        let answer = call(&pool.socket(), "/VolumeDriver.Get", body).unwrap();
        assert_ne!(answer["Err"], "", "{body}");
    }
    for path in ["/", "/VolumeDriver.Nothing", "/../etc/passwd", "/Berth."] {
        assert!(pool.refused(path, &json!({})).contains("knows no call"));
    }
    assert_eq!(pool.names(), Vec::<String>::new());
    pool.tidy();
}

#[test]
fn one_driver_serves_a_pool() {
    let mut pool = Pool::served("1GiB");
    // At the same socket.
    let second = pool.berth(&["volume-driver"]);
    assert!(
        !second.status.success() && words(&second).contains("another volume driver answers"),
        "{}",
        words(&second)
    );
    // At another one.
    until("the pool is open", || {
        pool.call("/VolumeDriver.List", &json!({}))["Err"] == ""
    });
    let elsewhere = pool.socket().with_extension("other");
    let second = pool.berth(&["volume-driver", "--socket", elsewhere.to_str().unwrap()]);
    assert!(
        !second.status.success() && words(&second).contains("another volume driver serves"),
        "{}",
        words(&second)
    );
    assert_eq!(pool.names(), Vec::<String>::new());
    pool.stop();
    assert!(!pool.socket().exists(), "it leaves no socket");
}

#[test]
fn everything_is_told_in_one_call() {
    let pool = Pool::served("2GiB");
    for number in 0..30 {
        let tenant = format!("tenant-{}", number % 2);
        pool.create(&format!("v{number:02}"), "16MiB", Some(&tenant));
        std::fs::write(pool.data(&format!("v{number:02}")).join("f"), vec![7; 1 << 20]).unwrap();
    }
    let usage = &pool.good("/Berth.Usage", &json!({ "Fresh": true }))["Usage"];
    assert_eq!(usage["quota"], "enforced");
    let volumes = usage["volumes"].as_array().unwrap();
    assert_eq!(volumes.len(), 30);
    for volume in volumes {
        let used = volume["used"].as_u64().unwrap();
        assert!((MIB..2 * MIB).contains(&used), "{volume}");
        assert_eq!(volume["size"], 16 * MIB);
    }
    assert_eq!(usage["tenants"].as_array().unwrap().len(), 2);
    let told = words(&pool.berth(&["pool", "usage"]));
    assert!(told.contains("v29") && told.contains("tenant-1"), "{told}");
    let status = &pool.good("/Berth.Status", &json!(null))["Status"];
    assert_eq!(
        (&status["volumes"], &status["promised"]),
        (&json!(30), &json!(480 * MIB))
    );
}
