//! The API's description (OpenAPI), made from the same declarations that mount its routes.
//!
//! Handlers say what they take and what they answer when all goes well. What every operation can answer besides, and who
//! may call it, is added here from the route's rule, so that it can't be forgotten or drift.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::platform::access::Rule;
use crate::platform::error::FieldError;

use super::error::Problem;
use super::operation::Describe;

const SCHEME: &str = "token";
const PROBLEM: &str = "Problem";

/// The whole description, of operations with who may call them.
pub(super) fn document<S>(described: &[(Rule, Describe<S>)]) -> OpenApi {
    let mut document = empty();
    for (rule, describe) in described {
        let (schemas, paths, _) = describe();
        add(&mut document, *rule, schemas, paths);
    }
    finish(document)
}

/// A document without paths.
fn empty() -> OpenApi {
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Berth")
                .version("1")
                .description(Some(
                    "The REST API of the Berth hosting panel. Every call carries `Authorization: Bearer <token>`; \
                     a tenant's token acts in that tenant only. Errors are problem documents (RFC 9457) with a stable \
                     `code`. Every POST takes an `Idempotency-Key`.",
                )),
        )
        .build()
}

/// Adds operations under a rule, with what their bodies are made of, by name.
fn add(document: &mut OpenApi, rule: Rule, schemas: Vec<(String, RefOr<Schema>)>, mut paths: Paths) {
    for (path, item) in &mut paths.paths {
        let all = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in all {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(method, path));
                complete(operation, rule, method == "post");
            }
        }
    }
    let components = document
        .components
        .get_or_insert_with(utoipa::openapi::Components::new);
    for (name, schema) in schemas {
        let known = components.schemas.get(&name);
        debug_assert!(
            known.is_none_or(|known| *known == schema),
            "two schemas are called {name}"
        );
        components.schemas.insert(name, schema);
    }
    let addition = OpenApiBuilder::new().paths(paths).build();
    document.merge(addition);
}

/// The name that generated clients give the operation: of method and path, which no two share, where the names of handlers
/// repeat in every feature.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1/").replace(['{', '}'], "");
    format!("{method}_{path}").replace(['/', '-'], "_")
}

/// Adds what every operation can answer, and who may call it.
fn complete(operation: &mut Operation, rule: Rule, is_post: bool) {
    let mut problems = vec![
        ("400", "The request can't be understood"),
        ("404", "Not found, or another tenant's"),
        ("405", "Method not allowed"),
        ("409", "Not possible in the present state, or a limit is reached"),
        ("412", "Changed since it was read (If-Match)"),
        ("413", "Too large"),
        ("415", "Wrong content type"),
        ("422", "Some fields are wrong"),
        ("429", "Too many requests"),
        ("500", "A defect, logged under the request id"),
        ("503", "A part of the system does not answer"),
    ];
    if rule != Rule::Public {
        problems.push(("401", "No valid token"));
        problems.push((
            "403",
            "The token or role does not allow it, or the tenant is suspended",
        ));
        let scopes: Vec<&str> = rule
            .permission()
            .map(crate::platform::access::Permission::name)
            .into_iter()
            .collect();
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, scopes)]);
    }
    may_be_bare(operation);
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.parameter_in == ParameterIn::Query
        {
            may_be_empty(parameter);
        }
    }
    for (status, description) in problems {
        let content = Content::new(Some(Ref::from_schema_name(PROBLEM)));
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content);
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| response.build().into());
    }
    if is_post && rule != Rule::Public {
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("Asking twice with the same key does once."))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^[!-~]{1,128}$")),
            ))
            .build();
        operation.parameters.get_or_insert_default().push(header.into());
    }
}

/// Says that a body of bytes may have none: an empty file is a file.
fn may_be_bare(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = operation.request_body.as_mut()
        && body.content.contains_key("application/octet-stream")
    {
        body.required = Some(Required::False);
    }
}

/// Says that a parameter may be empty, which is as good as not given, where its type would not allow it.
fn may_be_empty(parameter: &mut Parameter) {
    let is_plain_text = |object: &Object| {
        let is_text = match &object.schema_type {
            SchemaType::Type(one) => *one == Type::String,
            SchemaType::Array(several) => several.contains(&Type::String),
            SchemaType::AnyValue => true,
        };
        is_text && object.enum_values.is_none() && object.format.is_none() && object.pattern.is_none()
    };
    parameter.schema = parameter.schema.take().map(|schema| match schema {
        RefOr::T(Schema::Object(object)) if is_plain_text(&object) => Schema::Object(object).into(),
        typed => {
            let empty = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
            Schema::OneOf(OneOfBuilder::new().item(typed).item(empty).build()).into()
        }
    });
}

/// Adds what all operations refer to.
fn finish(mut document: OpenApi) -> OpenApi {
    let components = ComponentsBuilder::new()
        .schema(PROBLEM, Problem::schema())
        .schema(FieldError::name(), FieldError::schema())
        .security_scheme(SCHEME, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .build();
    let all = document
        .components
        .get_or_insert_with(utoipa::openapi::Components::new);
    all.schemas.extend(components.schemas);
    all.security_schemes.extend(components.security_schemes);
    document
}
