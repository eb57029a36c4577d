//! `template.toml`: what is read, and every problem at once with its place.

use proptest::prelude::*;

use super::{TEMPLATE, problems, replaced, template};
use crate::catalogue::{GuidePart, Placeholder, Template};

#[test]
fn a_full_template_is_read() {
    insta::assert_debug_snapshot!(template());
}

#[test]
fn an_unknown_field_is_named_with_its_line() {
    let found = replaced("read_only_root", "read_only_rot");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("line "), "{found:?}");
    assert!(found[0].contains("unknown field `read_only_rot`"), "{found:?}");
}

#[test]
fn every_problem_is_told_at_once() {
    let found = problems(|text| {
        text.replacen("name = \"example\"", "name = \"Example\"", 1)
            .replacen("pids = 64", "pids = 2", 1)
            .replacen("path = \"/data\"", "path = \"/data/../etc\"", 1)
    });
    let places: Vec<&str> = found.iter().filter_map(|text| text.split(": ").next()).collect();
    assert_eq!(
        places,
        ["name", "name", "volumes.data.path", "hardening.pids"],
        "{found:?}"
    );
}

#[test]
fn a_rule_must_fit_its_type() {
    assert_eq!(
        replaced("type = \"boolean\"", "type = \"boolean\"\nmin = 3"),
        ["variables.VERBOSE.min: means nothing for the type boolean"]
    );
}

#[test]
fn a_default_must_pass_its_own_rules() {
    assert_eq!(
        replaced("default = 5", "default = 500"),
        ["variables.WORKERS.default: must be from 1 to 64"]
    );
}

#[test]
fn a_secret_has_no_default() {
    let found = replaced("generate = 32", "default = \"correct horse\"");
    assert!(
        found[0].starts_with("variables.PASSWORD.default: a secret has no default"),
        "{found:?}"
    );
}

#[test]
fn what_has_a_default_is_not_required() {
    let found = replaced("default = 5", "default = 5\nrequired = true");
    assert!(found[0].starts_with("variables.WORKERS.required"), "{found:?}");
}

#[test]
fn names_and_ports_are_unique() {
    let twice = "[[ports]]\nname = \"http\"\ncontainer_port = 8080\npurpose = \"Twice\"\n\n[[volumes]]";
    assert_eq!(
        replaced("[[volumes]]", twice),
        [
            "ports.http: is there twice",
            "ports.http.container_port: another port has it"
        ]
    );
}

#[test]
fn reserved_keys_are_refused() {
    for key in ["PATH", "LD_PRELOAD", "BERTH_SERVER", "lower", "1ST"] {
        let found = replaced("key = \"WORKERS\"", &format!("key = \"{key}\""));
        assert!(found[0].starts_with(&format!("variables.{key}")), "{found:?}");
    }
}

#[test]
fn no_volume_lies_over_the_system() {
    for path in ["/", "/etc/app", "/proc", "relative", "/a:b", "/data/"] {
        assert!(
            !replaced("path = \"/data\"", &format!("path = \"{path}\"")).is_empty(),
            "{path}"
        );
    }
}

#[test]
fn capabilities_that_reach_out_of_a_container_are_unknown() {
    let found = replaced("\"KILL\"", "\"SYS_ADMIN\"");
    assert!(found[0].contains("unknown variant `SYS_ADMIN`"), "{found:?}");
}

#[test]
fn a_guide_speaks_of_what_is_there_and_of_no_secret() {
    assert_eq!(
        replaced("{port.http}", "{port.smtp}"),
        ["guide.1: there is no port smtp"]
    );
    assert!(replaced("{port.http}", "{variable.PASSWORD}")[0].contains("is a secret"));
    assert!(replaced("{port.http}", "{prot}")[0].contains("is no placeholder"));
    assert!(replaced("{url.http}", "{url.http")[0].contains("without its"));
}

#[test]
fn a_guide_shows_what_is_known_and_names_what_is_not() {
    let step = &template().guide[0];
    let known = GuidePart::render(&step.text, |asked| match asked {
        Placeholder::Host => Some("box.example.org".to_owned()),
        Placeholder::Port(_) | Placeholder::Url(_) | Placeholder::Variable(_) => None,
    });
    assert_eq!(known, "Open box.example.org at (http) as (TITLE).");
}

#[test]
fn a_port_with_a_web_scheme_is_the_main_one() {
    assert_eq!(
        template().main_port().map(|port| port.name.as_str()),
        Some("http")
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,400}") {
        let _ = Template::parse("example", &text);
    }

    #[test]
    fn no_mangled_template_makes_the_reader_panic(at in 0..TEMPLATE.len(), with in ".{0,4}") {
        let at = (0..=at).rev().find(|at| TEMPLATE.is_char_boundary(*at)).unwrap_or(0);
        let _ = Template::parse("example", &format!("{}{with}{}", &TEMPLATE[..at], &TEMPLATE[at..]));
    }
}
