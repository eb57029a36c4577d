//! Forged values in every field of mail's forms and in every text of its API: each is refused, or kept and shown as what it is. None
//! breaks anything, and none becomes a header, a command or markup. What there is to fill in is read from the pages and from the
//! document of the API, so that a new field is walked from its first day.

use std::collections::{BTreeMap, BTreeSet};

use berth::platform::access::{Permission, Rule, Side, StaffRole, TenantRole};
use berth::platform::db::Scoped as _;
use berth::platform::secret::Secret;
use berth::platform::web::{Kind, RouteInfo};
use berth::testing::{Answer, Client};
use futures_util::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scraper::{ElementRef, Html, Selector};
use serde_json::{Value, json};

use crate::access_walk::{Scene, is_stream};

const SCRIPT: &str = "<script>alert(1)</script>";
/// A domain of the scene's tenant that mail goes to.
const DOMAIN: &str = "theirs.example";

/// What is put into each field.
fn forged() -> Vec<String> {
    let long_address = format!("{}@{}.example", "a".repeat(65), "b".repeat(255));
    let mut all: Vec<String> = [
        "a\r\nX-Forged: yes",
        "a\r\n\r\nX-Forged: yes",
        "a\rX-Forged: yes",
        "a\nX-Forged: yes",
        "a\u{2028}X-Forged: yes",
        "a\0b",
        SCRIPT,
        "\"><img src=x onerror=alert(1)>",
        "\u{202E}moc.elpmaxe@nna",
        "\"; discard; # X-Forged",
        "ann@theirs.example\r\nBcc: x@elsewhere.example",
        "99999999999999999999999",
        "-1",
    ]
    .map(str::to_owned)
    .into();
    all.extend([long_address, "x".repeat(10_000), "🙂".repeat(300)]);
    all
}

/// The mail part of the table.
fn is_mail(route: &RouteInfo) -> bool {
    route.path.contains("/mail") && !is_stream(route)
}

/// Everybody who has pages or an API of mail.
struct Walkers {
    scene: Scene,
    /// An owner of the tenant, somebody of staff, a mailbox's own person, and nobody.
    browsers: [Client; 4],
    tenant: Client,
    staff: Client,
}

impl Walkers {
    async fn set() -> Self {
        let scene = Scene::set_with(|config| {
            config.smtp_url = Some(Secret::new("smtp://127.0.0.1".to_owned()));
        })
        .await;
        let app = &scene.app;
        // Who listens to it gets to its end.
        app.mail.end_log();
        let (ann, root) = (
            app.person("walker").await,
            app.staff("root", StaffRole::Owner).await,
        );
        app.member(scene.tenant, ann, TenantRole::Owner).await;
        let (own, person) = app.mailbox_person(scene.tenant, &format!("own@{DOMAIN}")).await;
        app.things_of_mailbox(scene.tenant, own).await;
        let of = |side| {
            let all = Permission::ALL.iter().copied();
            all.filter(|one| one.side() == side).collect::<Vec<_>>()
        };
        Self {
            browsers: [
                app.browser(ann).await,
                app.browser(root).await,
                person,
                app.anonymous(),
            ],
            tenant: app.program(ann, Some(scene.tenant), &of(Side::Tenant)).await,
            staff: app.program(root, None, &of(Side::Staff)).await,
            scene,
        }
    }

    /// Who looks at a page; the mailbox's person comes first of all.
    fn who(rule: Rule) -> usize {
        match rule {
            Rule::Staff(_) => 1,
            Rule::Mailbox => 2,
            Rule::Public => 3,
            _ => 0,
        }
    }

    /// All pages of mail, with who looks at them.
    fn pages(&self) -> Vec<(usize, String)> {
        let table = berth::routes::all().table();
        let pages = table
            .iter()
            .filter(|route| is_mail(route) && route.kind == Kind::Page && route.method == "GET");
        let mut pages: Vec<(usize, String)> = pages
            .map(|route| (Self::who(route.rule), self.scene.address(route)))
            .collect();
        // What the tenant does to a mailbox ends its person's session.
        pages.sort_by_key(|(who, _)| *who != 2);
        pages
    }

    /// The forms that are on them, each once.
    async fn forms(&self) -> Vec<Form> {
        let (mut forms, mut seen) = (Vec::new(), BTreeSet::new());
        for (who, page) in self.pages() {
            let answer = self.browsers[who].get(&page).await;
            assert_taken(&answer, &page);
            for form in forms_on(&answer.body, who) {
                let names: Vec<String> = form.fields.keys().cloned().collect();
                if !names.is_empty() && seen.insert((who, form.action.clone(), names)) {
                    forms.push(form);
                }
            }
        }
        forms
    }

    async fn send(&self, form: &Form, field: &str, value: &str) -> Answer {
        let mut fields = form.fields.clone();
        // Without one it does not matter what was done before.
        fields.remove("version");
        fields.insert(field.to_owned(), value.to_owned());
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.browsers[form.who].post(&form.action, &fields).await
    }

    /// What was kept is shown as text wherever it is shown, and nothing of it stands where it would do something.
    async fn assert_harmless(&self) {
        for (who, page) in self.pages() {
            let answer = self.browsers[who].get(&page).await;
            assert_taken(&answer, &page);
        }
        for mail in self.scene.app.mailer.sent() {
            let heads = [&mail.to, &mail.subject];
            assert!(heads.iter().all(|head| !head.contains(['\r', '\n'])), "{mail:?}");
        }
        let mut tx = self.scene.app.system().begin().await.unwrap();
        let lines = sqlx::query_scalar!(
            r#"select kept as "kept!" from (
                 select address || name from mailbox union all select unnest(forward_to) from mailbox
                 union all select address || description || array_to_string(targets, ' ') from mail_alias
                 union all select name from mail_domain union all select name from mailbox_app_password
                 union all select address from mailbox_send_as union all select host || remote_user from mail_fetch
                 union all select reply_subject || array_to_string(allowed || blocked, ' ') from mailbox_filter) as all_of_them (kept)
               where kept ~ '[[:cntrl:]]'"#
        );
        let lines = lines.fetch_all(tx.conn()).await.unwrap();
        assert!(lines.is_empty(), "more than a line: {lines:?}");
        let scripts = sqlx::query_scalar!("select script from mailbox_filter");
        for script in scripts.fetch_all(tx.conn()).await.unwrap() {
            let commands = outside_of_strings(&script);
            assert!(
                !commands.contains("X-Forged") && !commands.contains("script>"),
                "{script}"
            );
        }
    }
}

/// Refused or done, and nothing that was typed is markup or a header.
#[track_caller]
fn assert_taken(answer: &Answer, what: &str) {
    let what: String = what.chars().take(300).collect();
    assert!(answer.status < 500, "{what}: {answer:?}");
    assert!(!answer.headers.contains_key("x-forged"), "{what}: {answer:?}");
    let kind = answer.header("content-type");
    if kind.contains("html") || kind.contains("xml") {
        assert!(
            !answer.body.contains(SCRIPT) && !answer.body.contains("<img src=x"),
            "{what} shows markup: {answer:?}"
        );
    }
}

/// What of a Sieve script (RFC 5228) is no text.
fn outside_of_strings(script: &str) -> String {
    let (mut rest, mut is_text, mut is_escaped) = (String::new(), false, false);
    for c in script.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            c if !is_text => rest.push(c),
            _ => {}
        }
    }
    rest
}

/// A form of a page, as it would be sent untouched.
struct Form {
    who: usize,
    action: String,
    fields: BTreeMap<String, String>,
}

fn forms_on(body: &str, who: usize) -> Vec<Form> {
    let page = Html::parse_document(body);
    let forms = Selector::parse("form[method=post]:not([enctype])").unwrap();
    let form = |form: ElementRef<'_>| {
        let action = form.attr("action")?;
        action.contains("/mail").then(|| Form {
            who,
            action: action.to_owned(),
            fields: fields_of(form),
        })
    };
    page.select(&forms).filter_map(form).collect()
}

fn fields_of(form: ElementRef<'_>) -> BTreeMap<String, String> {
    let fields = Selector::parse("input[name], textarea[name], select[name]").unwrap();
    let options = Selector::parse("option").unwrap();
    let mut found = BTreeMap::new();
    for field in form.select(&fields) {
        let name = field.attr("name").unwrap_or_default().to_owned();
        let is_on = field.attr("checked").is_some();
        let value = match (field.value().name(), field.attr("type").unwrap_or_default()) {
            (_, "submit" | "file") => continue,
            (_, "checkbox" | "radio") if !is_on => {
                // It can be said all the same.
                found.entry(name).or_default();
                continue;
            }
            ("textarea", _) => field.text().collect(),
            ("select", _) => {
                let all: Vec<ElementRef<'_>> = field.select(&options).collect();
                let chosen = all.iter().find(|option| option.attr("selected").is_some());
                let chosen = chosen.or(all.first()).and_then(|option| option.attr("value"));
                chosen.unwrap_or_default().to_owned()
            }
            _ => field.attr("value").unwrap_or_default().to_owned(),
        };
        let value = if value.is_empty() { usual(&name) } else { value };
        found.insert(name, value);
    }
    found
}

/// What a field takes that is empty, so that what is forged beside it is looked at.
fn usual(name: &str) -> String {
    let usual = match name {
        "name" | "local_part" | "address" | "subject" | "text" => "walked",
        "targets" | "forward_to" => "ann@theirs.example",
        _ => "",
    };
    usual.to_owned()
}

#[tokio::test]
async fn forms_take_no_forged_value_for_more_than_text() {
    let walkers = Walkers::set().await;
    let forms = walkers.forms().await;
    let (values, mut walked) = (forged(), 0);
    for form in &forms {
        for field in form.fields.keys() {
            if form.action.ends_with("/sign-in") {
                // Who is wrong there waits for the answer.
                let all = values.iter().map(|value| walkers.send(form, field, value));
                for answer in join_all(all).await {
                    assert_taken(&answer, &form.action);
                }
                continue;
            }
            for value in &values {
                let answer = walkers.send(form, field, value).await;
                assert_taken(&answer, &format!("{} of {}: {value:?}", field, form.action));
                assert!(
                    form.who != 2 || !answer.header("location").starts_with("/mailbox/sign-in"),
                    "{}: its person is out, and nothing is walked",
                    form.action
                );
            }
            walked += 1;
        }
    }
    let places: BTreeSet<&str> = forms.iter().map(|form| form.action.as_str()).collect();
    assert!(
        walked > 60 && places.len() > 20,
        "only {walked} fields of {places:?}"
    );
    walkers.assert_harmless().await;
}

/// A value that a schema takes.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        // So that an address is one that the tenant can have.
        let text = example.to_string().replace("example.com", DOMAIN);
        return serde_json::from_str(&text).unwrap();
    }
    if let Some(path) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&path[1..]).unwrap());
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let mut all = schema[several].as_array().into_iter().flatten();
        if let Some(one) = all.find(|one| one["type"] != "null") {
            return sample(document, one);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    };
    match kind.unwrap_or_default() {
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([sample(document, &schema["items"])]),
        "object" => {
            let parts = schema["properties"].as_object().into_iter().flatten();
            Value::Object(
                parts
                    .map(|(name, part)| (name.clone(), sample(document, part)))
                    .collect(),
            )
        }
        _ => json!("walked"),
    }
}

/// Where the parts of a value are that have no parts.
fn leaves(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Array(all) => {
            for (place, one) in all.iter().enumerate() {
                leaves(one, &format!("{at}/{place}"), into);
            }
        }
        Value::Object(all) => {
            for (name, one) in all {
                leaves(one, &format!("{at}/{name}"), into);
            }
        }
        _ => into.push(at.to_owned()),
    }
}

/// A body with what has to be in it, and the one part that is forged.
fn bodies(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let schema = schema["$ref"]
        .as_str()
        .map_or(schema, |path| document.pointer(&path[1..]).unwrap());
    let whole = sample(document, schema);
    let must: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut all = Vec::new();
    leaves(&whole, "", &mut all);
    let body = |leaf: String| {
        let part = leaf.split('/').nth(1).unwrap_or_default().to_owned();
        let mut body = whole.clone();
        if let Some(parts) = body.as_object_mut() {
            parts.retain(|name, _| *name == part || must.contains(&name.as_str()));
        }
        (leaf, body)
    };
    all.into_iter().map(body).collect()
}

#[tokio::test]
async fn the_api_takes_no_forged_value_for_more_than_text() {
    let walkers = Walkers::set().await;
    let document = serde_json::to_value(berth::routes::all().document()).unwrap();
    let (values, mut walked) = (forged(), 0);
    for route in berth::routes::all().table() {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if route.kind != Kind::Api || !is_mail(&route) || schema.is_null() {
            continue;
        }
        let caller = if route.path.starts_with("/api/v1/staff/") {
            &walkers.staff
        } else {
            &walkers.tenant
        };
        let path = walkers.scene.address(&route);
        for (leaf, body) in bodies(&document, schema) {
            for value in &values {
                let mut body = body.clone();
                *body.pointer_mut(&leaf).unwrap() = json!(value);
                let answer = caller.json(&route.method, &path, &body).await;
                assert_taken(&answer, &format!("{} {path}: {body}", route.method));
            }
            walked += 1;
        }
    }
    assert!(walked > 50, "only {walked} parts were walked");
    let new = json!({
        "address": format!("fresh@{DOMAIN}"), "name": SCRIPT, "set_up_link": true, "send_link_to": "kim@elsewhere.example",
    });
    walkers
        .tenant
        .json("POST", "/api/v1/mail/mailboxes", &new)
        .await
        .expect(201);
    assert!(!walkers.scene.app.mailer.sent().is_empty(), "a link was mailed");
    walkers.assert_harmless().await;
}

#[tokio::test]
async fn no_query_of_a_list_breaks_it() {
    let walkers = Walkers::set().await;
    let mut walked = 0;
    for (who, page) in walkers.pages() {
        // It looks at the world, for seconds.
        if page.ends_with("/diagnosis") {
            continue;
        }
        for value in forged() {
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
            for name in ["q", "sort", "after", "domain", "tenant"] {
                let path = format!("{page}?{name}={value}");
                if path.len() > 8_000 {
                    continue;
                }
                let answer = walkers.browsers[who].get(&path).await;
                assert_taken(&answer, &path);
            }
        }
        walked += 1;
    }
    assert!(walked > 30, "only {walked} pages");
}
