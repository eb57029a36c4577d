//! API tokens: list, make, revoke.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::accounts::actions::{self, Area, NewApiToken};
use crate::accounts::model::ApiToken;
use crate::app::App;
use crate::platform::access::{Permission, UserScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::TokenId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::Moment;

const CRUMBS: [(&str, &str); 2] = [("Your account", "/account"), ("API tokens", "/account/tokens")];

struct Row {
    id: TokenId,
    name: String,
    prefix: String,
    area: String,
    scopes: Vec<&'static str>,
    state: &'static str,
    tone: &'static str,
    is_active: bool,
    expires: Option<Moment>,
    used: Option<Moment>,
}

#[derive(Template)]
#[template(path = "accounts/tokens.html")]
pub(super) struct Tokens {
    ctx: Ctx,
    rows: Vec<Row>,
}

pub(super) async fn list(State(app): State<App>, scope: UserScope, ctx: Ctx) -> Result<Page<Tokens>, Error> {
    let now = app.now();
    let tokens = actions::list_tokens(&app, &scope).await?.into_iter();
    let rows = tokens.map(|token| {
        let (state, tone) = token.state(now);
        Row {
            id: token.id,
            area: area(&token, &scope),
            name: token.name,
            prefix: token.prefix,
            scopes: token.scopes.iter().map(|scope| scope.name()).collect(),
            state,
            tone,
            is_active: tone == "good",
            expires: token.expires_at.map(|at| Moment::new(at, now)),
            used: token.last_used_at.map(|at| Moment::new(at, now)),
        }
    });
    let ctx = ctx.with_crumbs([CRUMBS[0]]);
    Ok(Page(Tokens {
        ctx,
        rows: rows.collect(),
    }))
}

fn area(token: &ApiToken, scope: &UserScope) -> String {
    if let Some(server) = token.server {
        let known = scope.actor.guests.iter().find(|guest| guest.server == server);
        return known.map_or_else(
            || "A server that was shared with you".to_owned(),
            |guest| format!("{} of {}", guest.server_name, guest.member.name),
        );
    }
    match (token.tenant, &token.tenant_name) {
        (None, _) => "Provider (staff area)".to_owned(),
        (Some(_), Some(name)) => name.clone(),
        (Some(_), None) => "An organisation you have left".to_owned(),
    }
}

/// A scope with its check box.
struct ScopeBox {
    name: &'static str,
    about: &'static str,
    checked: bool,
}

/// The scopes about one kind of thing.
struct ScopeGroup {
    title: String,
    boxes: Vec<ScopeBox>,
}

#[derive(Template)]
#[template(path = "accounts/token_new.html")]
struct NewTokenPage {
    ctx: Ctx,
    areas: Vec<Area>,
    chosen: String,
    groups: Vec<ScopeGroup>,
    form: FormState,
}

impl NewTokenPage {
    fn new(ctx: Ctx, scope: &UserScope, wanted: &str, form: FormState) -> Self {
        let areas = actions::areas(&scope.actor);
        let area = areas.iter().find(|area| area.value == wanted).or(areas.first());
        let groups = area.map(|area| groups(&area.scopes, &form)).unwrap_or_default();
        let chosen = area.map(|area| area.value.clone()).unwrap_or_default();
        Self {
            ctx: ctx.with_crumbs(CRUMBS),
            areas,
            chosen,
            groups,
            form,
        }
    }

    /// How long a token may work: days and words.
    fn lifetimes(&self) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = Some(self.form.value("days"))
            .filter(|days| !days.is_empty())
            .unwrap_or("30");
        [
            ("1", "1 day"),
            ("7", "7 days"),
            ("30", "30 days"),
            ("90", "90 days"),
            ("365", "1 year"),
            ("other", "Other"),
        ]
        .into_iter()
        .map(|(days, words)| (days, words, days == chosen))
        .collect()
    }
}

fn groups(scopes: &[Permission], form: &FormState) -> Vec<ScopeGroup> {
    let mut groups: Vec<ScopeGroup> = Vec::new();
    for scope in scopes {
        let name = scope.name();
        let noun = name.split(':').next().unwrap_or(name);
        let noun = noun.strip_prefix("staff.").unwrap_or(noun);
        let title = format!("{}{}", noun[..1].to_uppercase(), &noun[1..]);
        let one = ScopeBox {
            name,
            about: scope.about(),
            checked: form.has("scopes", name),
        };
        match groups.last_mut().filter(|group| group.title == title) {
            Some(group) => group.boxes.push(one),
            None => groups.push(ScopeGroup {
                title,
                boxes: vec![one],
            }),
        }
    }
    groups
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    area: String,
}

pub(super) async fn new(scope: UserScope, ctx: Ctx, Query(wanted): Query<Wanted>) -> Response {
    Page(NewTokenPage::new(ctx, &scope, &wanted.area, FormState::default())).into_response()
}

#[derive(Template)]
#[template(path = "accounts/token_created.html")]
struct Created {
    ctx: Ctx,
    name: String,
    area: String,
    text: String,
    expires: Option<Moment>,
    example: String,
}

pub(super) async fn create(
    State(app): State<App>,
    scope: UserScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let days = if form.get("days") == "other" {
        form.get("other_days")
    } else {
        form.get("days")
    };
    let wanted = NewApiToken {
        name: form.get("name"),
        area: form.get("area"),
        scopes: form.all("scopes").collect(),
        days,
    };
    let outcome = form.submit(actions::create_token(&app, &scope, &wanted)).await;
    match outcome {
        Ok((token, text)) => {
            let page = Created {
                ctx: ctx.with_crumbs(CRUMBS),
                area: area(&token, &scope),
                name: token.name,
                text: text.expose().clone(),
                expires: token.expires_at.map(|at| Moment::new(at, app.now())),
                example: format!(
                    "curl -H \"Authorization: Bearer $TOKEN\" {}",
                    app.config.link("/api/v1/me")
                ),
            };
            Ok(Page(page).into_response())
        }
        Err(Error::Invalid(errors)) => Ok(again(ctx, &scope, form, errors)),
        Err(error) => Err(error),
    }
}

fn again(ctx: Ctx, scope: &UserScope, form: FormData, errors: FieldErrors) -> Response {
    let area = form.get("area").to_owned();
    Page(NewTokenPage::new(ctx, scope, &area, FormState::new(form, errors))).status(422)
}

pub(super) async fn revoke(
    State(app): State<App>,
    scope: UserScope,
    Path(token): Path<TokenId>,
) -> Result<SeeOther, Error> {
    actions::revoke_token(&app, &scope, token).await?;
    Ok(SeeOther::to("/account/tokens").good("Token revoked. It no longer works."))
}
