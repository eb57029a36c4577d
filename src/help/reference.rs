//! The API's description (`openapi.json`, embedded) as the reference page shows it. Pure: text in, structure out.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::prose::Prose;
use super::schema::{Field, Kind, Schemas, name_of, text};

/// Read once, when somebody first opens the page. The surface test keeps the file what the code says.
static REFERENCE: LazyLock<Option<Reference>> =
    LazyLock::new(|| Reference::read(include_str!("../../openapi.json")));

/// The address in examples, until the page puts the panel's own in its place.
const BASE: &str = "{base}";

/// Everything about the API.
#[derive(Debug)]
pub(super) struct Reference {
    /// The operations, by what they are about.
    pub(super) groups: Vec<Group>,
    /// The objects that bodies hold, by name.
    pub(super) objects: Vec<Object>,
}

/// Operations about one kind of thing.
#[derive(Debug)]
pub(super) struct Group {
    /// What they are about.
    pub(super) title: String,
    /// The place on the page.
    pub(super) anchor: String,
    /// The operations, by path.
    pub(super) operations: Vec<Operation>,
}

/// What can be asked.
#[derive(Debug)]
pub(super) struct Operation {
    /// The place on the page.
    pub(super) anchor: String,
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub(super) method: String,
    /// The path with its parameters in braces.
    pub(super) path: String,
    /// What it does, in a line.
    pub(super) title: String,
    /// What else is to be known.
    pub(super) about: Prose,
    /// The scope that the token needs; none where any token will do.
    pub(super) scope: Option<String>,
    /// What goes into path, query and headers.
    pub(super) parameters: Vec<Field>,
    /// What goes into the body.
    pub(super) body: Vec<Field>,
    /// What comes back when all goes well.
    pub(super) answers: Vec<Answer>,
    /// The statuses of problems.
    pub(super) problems: String,
    example: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: String,
    /// What it says.
    pub(super) about: Prose,
    /// What its body holds; none where there is no body.
    pub(super) body: Option<Kind>,
}

/// An object of a body.
#[derive(Debug)]
pub(super) struct Object {
    /// Its name.
    pub(super) name: String,
    /// What it is.
    pub(super) about: Prose,
    /// What it holds.
    pub(super) fields: Vec<Field>,
}

impl Operation {
    /// A call from a shell, to the panel at `base`.
    pub(super) fn curl(&self, base: &str) -> String {
        self.example.replacen(BASE, base, 1)
    }
}

impl Reference {
    /// The description that this program was built with.
    pub(super) fn embedded() -> Option<&'static Self> {
        REFERENCE.as_ref()
    }

    /// Reads a description.
    pub(super) fn read(json: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(json).ok()?;
        let schemas = Schemas(document["components"]["schemas"].as_object()?);
        let mut groups: Vec<Group> = Vec::new();
        for (path, item) in document["paths"].as_object()? {
            for (method, operation) in item.as_object()? {
                let title = operation["tags"][0].as_str().unwrap_or("other").to_owned();
                let operation = read_operation(schemas, path, method, operation);
                match groups.iter_mut().find(|group| group.title == title) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group {
                        anchor: format!("about-{}", slug(&title)),
                        operations: vec![operation],
                        title,
                    }),
                }
            }
        }
        groups.sort_by(|a, b| (is_staff(a), &a.title).cmp(&(is_staff(b), &b.title)));
        Some(Self {
            groups,
            objects: objects(schemas),
        })
    }
}

/// Staff's operations come after those that everybody may have a use for.
fn is_staff(group: &Group) -> bool {
    let staff = |operation: &Operation| operation.path.starts_with("/api/v1/staff/");
    group.operations.iter().all(staff)
}

fn objects(schemas: Schemas<'_>) -> Vec<Object> {
    let described = schemas.0.iter().filter(|(name, _)| schemas.is_described(name));
    described
        .map(|(name, schema)| Object {
            name: name.clone(),
            about: Prose::new(text(schema, "description")),
            fields: schemas.fields(schema),
        })
        .collect()
}

fn read_operation(schemas: Schemas<'_>, path: &str, method: &str, operation: &Value) -> Operation {
    let list = |key: &str| operation[key].as_array().map_or(&[][..], Vec::as_slice);
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let none = Map::new();
    let responses = operation["responses"].as_object().unwrap_or(&none);
    let good = |status: &str| status.starts_with('2');
    let problems = responses.keys().filter(|status| !good(status));
    Operation {
        anchor: format!("{method}-{}", slug(path)),
        method: method.to_uppercase(),
        path: path.to_owned(),
        title: text(operation, "summary").trim_end_matches('.').to_owned(),
        about: Prose::new(text(operation, "description")),
        scope: operation["security"][0]["token"][0].as_str().map(str::to_owned),
        parameters: list("parameters")
            .iter()
            .map(|one| parameter(schemas, one))
            .collect(),
        body: schemas.fields(body),
        answers: responses
            .iter()
            .filter(|(status, _)| good(status))
            .map(|(status, response)| answer(schemas, status, response))
            .collect(),
        problems: problems.map(String::as_str).collect::<Vec<_>>().join(", "),
        example: curl(schemas, path, method, operation),
    }
}

fn parameter(schemas: Schemas<'_>, parameter: &Value) -> Field {
    let required = parameter["required"].as_bool().unwrap_or_default();
    // Any parameter of a query may be empty, which the page's introduction says once.
    let choices = parameter["schema"]["oneOf"].as_array();
    let or_empty = choices.filter(|choices| choices.last().is_some_and(|last| last["maxLength"] == 0));
    let schema = or_empty.map_or(&parameter["schema"], |choices| &choices[0]);
    let field = schemas.field(text(parameter, "name"), text(parameter, "in"), required, schema);
    Field {
        about: Prose::new(text(parameter, "description")),
        ..field
    }
}

fn answer(schemas: Schemas<'_>, status: &str, response: &Value) -> Answer {
    let schema = &response["content"]["application/json"]["schema"];
    Answer {
        status: status.to_owned(),
        about: Prose::new(text(response, "description")),
        body: (!schema.is_null()).then(|| schemas.kind(schema)),
    }
}

fn curl(schemas: Schemas<'_>, path: &str, method: &str, operation: &Value) -> String {
    let mut address = path.to_owned();
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    for parameter in parameters.iter().filter(|one| one["in"] == "path") {
        let name = text(parameter, "name");
        let value = path_example(name, &schemas.example(&parameter["schema"]));
        address = address.replace(&format!("{{{name}}}"), &value);
    }
    let mut lines = vec![match method {
        "get" => format!("curl -sS {BASE}{address}"),
        _ => format!("curl -sS -X {} {BASE}{address}", method.to_uppercase()),
    }];
    lines.push("-H \"Authorization: Bearer $BERTH_TOKEN\"".to_owned());
    if method == "post" {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".to_owned());
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if name_of(body).is_some() || body.is_object() {
        let example = schemas.example(body).to_string().replace('\'', "'\\''");
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{example}'"));
    }
    if operation["requestBody"]["content"]["application/octet-stream"].is_object() {
        lines.push("--data-binary @FILE".to_owned());
    }
    lines.join(" \\\n  ")
}

/// A path's parameter that is plain text is named by what it stands for.
fn path_example(name: &str, example: &Value) -> String {
    match example.as_str() {
        Some("text") | None => name.to_uppercase(),
        Some(example) => example.to_owned(),
    }
}

fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}
