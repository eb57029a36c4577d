//! The form of a check, new or known. Which fields it has follows from what is looked at: with script as that is chosen, without
//! when the form comes back.

use std::str::FromStr;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{CheckId, ServerId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther, mistakes};
use crate::servers::{self, Head};

use super::super::actions;
use super::super::model::{Check, CheckInput, CheckKind, Dependence, DnsRecord, Rule};
use super::super::store;
use super::Choice;
use super::act::{href, list_href};

/// What a new form holds.
const FRESH: [(&str, &str); 12] = [
    ("path", "/"),
    ("first", "200"),
    ("last", "399"),
    ("record", "address"),
    ("percent", "90"),
    ("minutes", "15"),
    ("interval_seconds", "60"),
    ("failures", "3"),
    ("of_last", "3"),
    ("needs_engine", "true"),
    ("send", "ffffffff54536f7572636520456e67696e6520517565727900"),
    ("expect", ""),
];

/// The fields of each kind.
fn fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "tcp" | "source" | "minecraft" => &["port"],
        "udp" => &["port", "send", "expect"],
        "dns" => &["host", "record", "expect"],
        "smtp" | "imap" => &["port", "tls"],
        "ping" => &[],
        "disk" => &["percent"],
        "cpu" | "memory" => &["percent", "minutes"],
        _ => &["port", "tls", "host", "path", "first", "last", "text", "days"],
    }
}

#[derive(Template)]
#[template(path = "checks/form.html")]
pub(super) struct FormPage {
    ctx: Ctx,
    head: Head,
    form: FormState,
    /// What it is called now; nothing where it is new.
    name: String,
    action: String,
    back: String,
    follows: String,
    version: i64,
    kind: String,
    kinds: Vec<Choice>,
    ports: Vec<Choice>,
    records: Vec<Choice>,
    others: Vec<Choice>,
}

impl FormPage {
    fn has(&self, field: &str) -> bool {
        fields(&self.kind).contains(&field)
    }

    fn is_dns(&self) -> bool {
        self.kind == "dns"
    }
}

/// What the form asks for while somebody chooses.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    kind: Option<String>,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (server, check): (ServerId, Option<&Check>),
    form: FormState,
) -> Result<Page<FormPage>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, server).await?;
    let (_, ports) = servers::reached_at(&mut tx, &server).await?;
    let of_server = store::of_server(&mut tx, server.id).await?;
    let slug = &scope.member.slug;
    let list = list_href(slug, server.id);
    let (action, follows) = match check {
        None => (list.clone(), format!("{list}/new")),
        Some(check) => (href(slug, check.id), format!("{}/edit", href(slug, check.id))),
    };
    let kind = form.value("kind").to_owned();
    let wants_udp = matches!(kind.as_str(), "udp" | "source");
    let ports = ports.iter().filter(|port| port.is_udp == wants_udp);
    let others = of_server
        .iter()
        .filter(|other| other.dependence.check.is_none() && check.is_none_or(|check| check.id != other.id));
    let none = Choice::new("", "No other check", form.value("depends_on"));
    let other = |other: &Check| Choice::new(other.id.to_string(), &*other.name, form.value("depends_on"));
    Ok(Page(FormPage {
        ctx: ctx.with_crumbs([
            ("Servers".to_owned(), format!("/t/{slug}/servers")),
            (server.name.clone(), format!("/t/{slug}/servers/{}", server.id)),
            ("Checks".to_owned(), list.clone()),
        ]),
        head: Head::new(app, scope, &server, "checks"),
        name: check.map(|check| check.name.clone()).unwrap_or_default(),
        back: check.map_or_else(|| list.clone(), |check| href(slug, check.id)),
        action,
        follows,
        version: check.map_or(1, |check| check.version),
        kinds: CheckKind::ALL
            .map(|(word, label)| Choice::new(word, label, &kind))
            .into(),
        ports: ports
            .map(|port| {
                let label = format!("{} ({})", port.name, port.container_port);
                Choice::new(&*port.name, label, form.value("port"))
            })
            .collect(),
        records: DnsRecord::ALL
            .map(|(_, word, label)| Choice::new(word, label, form.value("record")))
            .into(),
        others: std::iter::once(none).chain(others.map(other)).collect(),
        kind,
        form,
    }))
}

/// An empty form.
pub(super) async fn new(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, server)): Path<(String, ServerId)>,
    Query(chosen): Query<Chosen>,
) -> Result<Page<FormPage>, Error> {
    let kind = chosen.kind.unwrap_or_else(|| "http".to_owned());
    let form = FormState::default().with("kind", kind);
    let form = FRESH
        .iter()
        .fold(form, |form, (name, value)| form.with(name, *value));
    page(&app, &scope, ctx, (server, None), form).await
}

/// The form with what holds now.
pub(super) async fn edit(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, CheckId)>,
    Query(chosen): Query<Chosen>,
) -> Result<Page<FormPage>, Error> {
    let check = store::find(&mut scope.begin().await?, id).await?;
    let rule = check.rule;
    let mut form = FormState::default()
        .with(
            "kind",
            chosen.kind.unwrap_or_else(|| check.kind.word().to_owned()),
        )
        .with("name", &*check.name)
        .with("interval_seconds", rule.interval_seconds.to_string())
        .with("failures", rule.failures.to_string())
        .with("of_last", rule.of_last.to_string());
    if check.dependence.engine {
        form = form.with("needs_engine", "true");
    }
    if let Some(other) = check.dependence.check {
        form = form.with("depends_on", other.to_string());
    }
    form = fill(form, &check.kind);
    let fresh = FRESH.iter().filter(|(name, _)| *name != "needs_engine");
    // What another kind would begin with: the first value of a name is what is shown.
    form = fresh.fold(form, |form, (name, value)| form.with(name, *value));
    page(&app, &scope, ctx, (check.server, Some(&check)), form).await
}

/// The fields of what is looked at.
fn fill(form: FormState, kind: &CheckKind) -> FormState {
    let kept = serde_json::to_value(kind).unwrap_or_default();
    let fields = kept.as_object().cloned().unwrap_or_default();
    fields.into_iter().fold(form, |form, (name, value)| {
        let name = match (kind, name.as_str()) {
            (_, "kind") => return form,
            (CheckKind::Dns { .. }, "name") => "host",
            (_, name) => name,
        };
        match value {
            serde_json::Value::String(text) => form.with(name, text),
            serde_json::Value::Number(number) => form.with(name, number.to_string()),
            serde_json::Value::Bool(true) => form.with(name, "true"),
            _ => form,
        }
    })
}

/// A number, or one that no field takes.
fn number<T: FromStr + Default>(data: &FormData, name: &str) -> T {
    data.get(name).trim().parse().unwrap_or_default()
}

fn text(data: &FormData, name: &str) -> String {
    data.get(name).trim().to_owned()
}

fn kind(data: &FormData) -> Result<CheckKind, FieldErrors> {
    let (port, tls) = (data.get("port").to_owned(), data.checked("tls"));
    let percent = number(data, "percent");
    let minutes = number(data, "minutes");
    Ok(match data.get("kind") {
        "http" => CheckKind::Http {
            port,
            tls,
            host: Some(text(data, "host")),
            path: text(data, "path"),
            first: number(data, "first"),
            last: number(data, "last"),
            text: Some(data.get("text").to_owned()),
            days: (!text(data, "days").is_empty()).then(|| number(data, "days")),
        },
        "tcp" => CheckKind::Tcp { port },
        "udp" => CheckKind::Udp {
            port,
            send: text(data, "send"),
            expect: text(data, "expect"),
        },
        "source" => CheckKind::Source { port },
        "minecraft" => CheckKind::Minecraft { port },
        "dns" => {
            let record = DnsRecord::ALL
                .iter()
                .find(|(_, word, _)| *word == data.get("record"));
            CheckKind::Dns {
                name: text(data, "host"),
                record: record.map_or(DnsRecord::Address, |(record, ..)| *record),
                expect: text(data, "expect"),
            }
        }
        "smtp" => CheckKind::Smtp { port, tls },
        "imap" => CheckKind::Imap { port, tls },
        "ping" => CheckKind::Ping,
        "disk" => CheckKind::Disk { percent },
        "cpu" => CheckKind::Cpu { percent, minutes },
        "memory" => CheckKind::Memory { percent, minutes },
        _ => return Err(FieldErrors::one("kind", "Choose what to look at.")),
    })
}

/// What was sent.
fn read(data: &FormData) -> Result<CheckInput, FieldErrors> {
    let other = data.get("depends_on");
    let other = match other.parse() {
        Ok(id) => Some(id),
        Err(_) if other.is_empty() => None,
        Err(_) => return Err(FieldErrors::one("depends_on", "Choose another check of yours.")),
    };
    Ok(CheckInput {
        name: data.get("name").to_owned(),
        kind: kind(data)?,
        rule: Rule {
            interval_seconds: number(data, "interval_seconds"),
            failures: number(data, "failures"),
            of_last: number(data, "of_last"),
        },
        dependence: Dependence {
            engine: data.checked("needs_engine"),
            check: other,
        },
    })
}

/// Makes the check.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    let made = data.submit(async { actions::create(&app, &scope, server, read(&data)?).await });
    let (errors, status) = match made.await {
        Ok(check) => {
            return Ok(SeeOther::to(href(&slug, check.id))
                .good("Created.")
                .into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let form = FormState::new(data, errors);
    Ok(page(&app, &scope, ctx, (server, None), form)
        .await?
        .status(status))
}

/// Saves what changed.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, CheckId)>,
    data: FormData,
) -> Result<Response, Error> {
    let saved = data.submit(async {
        let input = read(&data)?;
        actions::change(&app, &scope, id, |_| input, data.has_seen()).await
    });
    let (errors, status) = match saved.await {
        Ok(_) => return Ok(SeeOther::to(href(&slug, id)).good("Saved.").into_response()),
        Err(error) => mistakes(error)?,
    };
    let check = store::find(&mut scope.begin().await?, id).await?;
    let form = FormState::new(data, errors);
    Ok(page(&app, &scope, ctx, (check.server, Some(&check)), form)
        .await?
        .status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_read_again() {
        let kinds = [
            CheckKind::Http {
                port: "http".to_owned(),
                tls: true,
                host: Some("a.example".to_owned()),
                path: "/x".to_owned(),
                first: 200,
                last: 299,
                text: Some("hello".to_owned()),
                days: Some(7),
            },
            CheckKind::Dns {
                name: "a.example".to_owned(),
                record: DnsRecord::Mx,
                expect: "mx.example".to_owned(),
            },
            CheckKind::Cpu {
                percent: 95,
                minutes: 5,
            },
            CheckKind::Ping,
        ];
        for sent in kinds {
            let form = fill(FormState::default(), &sent);
            let mut pairs = vec![("kind".to_owned(), sent.word().to_owned())];
            for field in fields(sent.word()) {
                let value = form.value(field);
                if !value.is_empty() {
                    pairs.push(((*field).to_owned(), value.to_owned()));
                }
            }
            assert_eq!(kind(&pairs.into_iter().collect()), Ok(sent));
        }
    }
}
