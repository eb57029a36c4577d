//! The eggs of `tests/eggs/`, read.

use std::path::Path;

use crate::catalogue::{Kind, StopSignal};

use super::files::Parser;
use super::report::Level;
use super::{Choices, Egg, IMAGE_KEY, MAX_EGG, Stop, slug};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/eggs")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

fn egg(name: &str) -> Egg {
    Egg::read(&file(name)).unwrap()
}

fn lost(egg: &Egg) -> Vec<&str> {
    let lost = egg.report.iter().filter(|note| note.level == Level::Lost);
    lost.map(|note| &*note.about).collect()
}

#[test]
fn an_old_egg_is_taken_over_whole() {
    let egg = egg("v1-line.json");
    assert!(lost(&egg).is_empty(), "{:?}", egg.report);
    assert_eq!(
        (egg.format.as_str(), egg.title.as_str()),
        ("PTDL_v1", "Line server")
    );
    assert_eq!(egg.images[0].image, "registry.invalid/line:1");
    assert_eq!(egg.stop, Stop::Signal(StopSignal::Int));
    assert_eq!(egg.fixed, [("BUILD".to_owned(), "7".to_owned())]);
    assert!(egg.ready[0].is_said_by("it is ready now"));
    let install = egg.install.as_ref().unwrap();
    assert_eq!(install.entrypoint, "sh");
    assert!(!install.script.contains('\r'));
    assert_eq!(
        egg.shell_line(),
        "sh ./run.sh ${SERVER_PORT} ${SERVER_MEMORY} ${GREETING}"
    );
    let template = egg.template("line", 3, &Choices::default());
    assert_eq!(
        (template.version.as_str(), template.summary.as_str()),
        ("3", "Answers lines.")
    );
    assert!(template.hardening.read_only_root && template.hardening.cap_add.is_empty());
    assert!(template.health.is_none());
}

#[test]
fn every_parser_and_every_kind_of_rule_is_known() {
    let egg = egg("v2-all-parsers.json");
    assert_eq!(lost(&egg), ["features.eula"]);
    assert_eq!(egg.denied, ["secret.cfg"]);
    let parsers: Vec<_> = egg.files.iter().map(|file| (&*file.path, file.parser)).collect();
    assert_eq!(
        parsers,
        [
            ("a.properties", Parser::Properties),
            ("c.json", Parser::Json),
            ("conf/b.ini", Parser::Ini),
            ("d.yml", Parser::Yaml),
            ("e.xml", Parser::Xml),
            ("f.cfg", Parser::Lines),
            ("link.properties", Parser::Properties),
        ]
    );
    assert_eq!(egg.stop, Stop::Input("stop".to_owned()));
    let choices = Choices {
        images: [("registry.invalid/parsers:1".to_owned(), "local:1".to_owned())].into(),
        category: None,
    };
    assert_eq!(egg.images(&choices)[0].image, "local:1");
    let template = egg.template("parsers", 1, &choices);
    let words: Vec<_> = template
        .variables
        .iter()
        .map(|variable| (&*variable.key, variable.kind.word()))
        .collect();
    assert_eq!(
        words,
        [
            ("NAME", "text"),
            ("MODE", "choice"),
            ("JAR", "text"),
            ("PLAYERS", "integer"),
            ("CHEATS", "choice"),
            ("RCON_PASSWORD", "secret"),
            (IMAGE_KEY, "choice"),
        ]
    );
    let answers = [
        ("NAME", "ab"),
        ("JAR", "x.zip"),
        ("PLAYERS", "101"),
        ("MODE", "odd"),
        ("CHEATS", "maybe"),
    ];
    let answers = answers
        .map(|(key, answer)| (key.to_owned(), answer.to_owned()))
        .into();
    let wrong = template.check(&answers).unwrap_err();
    assert_eq!(wrong.len(), 5, "{wrong:?}");
    let checked = template.check(&[].into()).unwrap();
    let plain: Vec<_> = checked.plain().collect();
    assert!(plain.contains(&("CHEATS", "0")) && plain.contains(&(IMAGE_KEY, &egg.images[0].label)));
}

#[test]
fn what_does_not_fit_is_told() {
    let egg = egg("odd.json");
    let lost = lost(&egg);
    for about in [
        "docker_images",
        "features.eula",
        "force_outgoing_ip",
        "startup",
        "config.files.bungee.yml",
        "config.files.x.toml",
        "config.startup.done",
        "config.startup.userInteraction",
        "variables.QUERY_PORT",
        "variables.AHEAD",
        "variables.BOMB",
        "variables.LD_PRELOAD",
        "variables.SERVER_PORT",
        "variables.A-B",
    ] {
        assert!(lost.contains(&about), "{about}: {:?}", egg.report);
    }
    let small = egg
        .variables
        .iter()
        .find(|variable| variable.key == "SMALL")
        .unwrap();
    assert!(small.required && small.default.is_none());
    let ahead = egg
        .variables
        .iter()
        .find(|variable| variable.key == "AHEAD")
        .unwrap();
    assert!(matches!(ahead.kind, Kind::Text { pattern: None, .. }));
    assert!(egg.install.is_none() && egg.ready.is_empty() && egg.files.is_empty());
    assert_eq!(egg.stop, Stop::Signal(StopSignal::Term));
}

#[test]
fn names_that_lead_out_are_refused() {
    let egg = egg("hostile.json");
    let paths: Vec<_> = egg.files.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["fine.properties"]);
    assert_eq!(lost(&egg).len(), 5);
}

#[test]
fn newer_panels_eggs_are_read() {
    let egg = egg("pelican.yaml");
    assert!(lost(&egg).is_empty(), "{:?}", egg.report);
    assert_eq!(egg.startup, "java -Xmx{{SERVER_MEMORY}}M -jar {{SERVER_JARFILE}}");
    assert_eq!(egg.images[0].label, "Java 21");
    assert_eq!(egg.files[0].path, "server.properties");
}

#[test]
fn what_is_no_egg_is_refused_with_a_reason() {
    let said = |text: &str| Egg::read(text).unwrap_err().0;
    assert!(said(&file("damaged.json")).contains("ends too early"));
    assert!(said("{}").contains("`name`"));
    assert!(said("{\"name\": \"x\"}").contains("image"));
    assert!(said("{\"name\": \"x\", \"image\": \"a:1\"}").contains("startup"));
    assert!(said(&format!("{{\"name\": \"{}\"}}", "x".repeat(10 * 1024 * 1024))).contains("larger"));
    const { assert!(MAX_EGG < 1024 * 1024) };
}

#[test]
fn loose_forms_are_taken() {
    for odd in [
        r#"{"name": 7, "images": ["a:1", "a:1"], "startup": "x"}"#,
        r#"{"name": "x", "docker_images": null, "image": "a:1", "startup": "x", "config": null, "scripts": null, "variables": null}"#,
        r#"{"name": "x", "docker_images": ["a:1"], "startup": "x", "config": {"files": "", "startup": "", "stop": null}}"#,
        r#"{"name": "x", "docker_images": {"a": "a:1"}, "startup": "x", "config": {"files": "[]", "startup": "{}", "logs": "{}", "stop": "end"}}"#,
        r#"{"name": "x", "docker_image": "a:1", "startup": "x", "scripts": {"installation": {"script": null, "container": null}}}"#,
    ] {
        let egg = Egg::read(odd).unwrap_or_else(|why| panic!("{odd}: {why}"));
        assert_eq!(egg.images[0].image, "a:1");
    }
}

#[test]
fn titles_become_names() {
    for (title, name) in [
        ("Paper", "paper"),
        ("Ark: Survival!", "ark-survival"),
        ("7 Days", "egg-7-days"),
        ("Ö", "egg"),
    ] {
        assert_eq!(slug(title), name);
    }
}
