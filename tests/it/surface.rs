//! The panel's surface is committed, so that every change of it shows in review: `docs/routes.txt`, `openapi.json`.
//! `make prepare` writes both anew.

use std::fs;
use std::path::Path;
use std::process::Command;

fn printed(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_berth"))
        .arg(command)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_committed(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "{file} is not what the code says now: run `make prepare` and look at its change"
    );
}

#[test]
fn routes_are_committed() {
    assert_committed("docs/routes.txt", &printed("routes"));
}

#[test]
fn the_api_is_committed() {
    assert_committed("openapi.json", &printed("openapi"));
}

#[test]
fn the_help_of_serve_lists_what_comes_by_environment() {
    let output = Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in [
        "DATABASE_URL ",
        "BERTH_DATABASE_ADMIN_URL ",
        "_FILE",
        "BERTH_LISTEN",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = serde_json::to_string(&berth::routes::all().document()).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&document).unwrap();
    let schemas = parsed["components"]["schemas"].as_object().unwrap();
    for rest in document.split("#/components/schemas/").skip(1) {
        let (name, _) = rest.split_once('"').unwrap();
        assert!(schemas.contains_key(name), "{name} is named and not described");
    }
}

#[test]
fn every_address_of_the_api_is_described() {
    let routes = berth::routes::all();
    let document = serde_json::to_value(routes.document()).unwrap();
    for route in routes
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/api/"))
    {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        assert!(
            operation.is_object(),
            "{} {} is not in openapi.json",
            route.method,
            route.path
        );
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            // 101 is how a WebSocket begins.
            responses
                .keys()
                .any(|status| status.starts_with('2') || status == "101"),
            "{} {} never works",
            route.method,
            route.path
        );
        assert!(
            responses.contains_key("503"),
            "{} {} never fails",
            route.method,
            route.path
        );
    }
}
