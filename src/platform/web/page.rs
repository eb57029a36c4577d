//! What every page knows besides its own data, and how it is answered.
//!
//! A template struct has a field `ctx: Ctx` and extends `layout/app.html` (signed in) or `layout/plain.html`
//! (sign-in, errors, setup). Nothing in here may hold a secret: all of it ends up in HTML.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::platform::access::{Actor, Glass, Member};
use crate::platform::error::Error;

use super::assets::asset_path;
use super::headers::{Nonce, RequestId};

/// Carries a message to the next page.
const FLASH_COOKIE: &str = "__Host-berth-flash";

/// The layout's data, made by the request's extractors.
#[derive(Debug, Clone, Default)]
pub struct Ctx {
    /// The nonce of this response's Content-Security-Policy, for `<script nonce>` and `<style nonce>`.
    pub nonce: String,
    /// The path of this page without query, to mark the current navigation item.
    pub path: String,
    /// The left rail; absent on plain pages.
    pub nav: Option<Nav>,
    /// A message about what the previous request did.
    pub flash: Option<Notice>,
    /// Conditions that last longer than one request: engine unreachable, tenant suspended.
    pub banners: Vec<Notice>,
    /// What of customers the person of the staff who looks has open now.
    pub glass: Vec<GlassBar>,
    /// The way back: label and address, from the area's root to this page's parent.
    pub crumbs: Vec<Crumb>,
    /// The request id, shown on error pages.
    pub request_id: String,
}

/// Draws the left rail; set by `routes.rs`, from `rail.rs`, which knows the features.
#[derive(Clone, Copy)]
pub struct DrawNav(pub fn(&Actor, Option<&Member>, &str) -> Nav);

impl Ctx {
    /// The address of an embedded file with its content hash, for example `ctx.asset("css/app.css")`.
    pub fn asset(&self, name: &str) -> String {
        asset_path(name)
    }

    /// A page without area, as for errors.
    pub(super) fn plain(extensions: &Extensions, path: &str) -> Self {
        Self {
            nonce: extensions
                .get::<Nonce>()
                .map(|nonce| nonce.0.clone())
                .unwrap_or_default(),
            path: path.to_owned(),
            request_id: RequestId::of(extensions),
            ..Self::default()
        }
    }

    /// Sets the way back.
    #[must_use]
    pub fn with_crumbs<L: Into<String>, H: Into<String>>(
        mut self,
        crumbs: impl IntoIterator<Item = (L, H)>,
    ) -> Self {
        let crumb = |(label, href): (L, H)| Crumb {
            label: label.into(),
            href: href.into(),
        };
        self.crumbs = crumbs.into_iter().map(crumb).collect();
        self
    }

    /// Adds a banner.
    #[must_use]
    pub fn with_banner(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.banners.push(Notice {
            tone,
            text: text.into(),
        });
        self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let mut ctx = Self::plain(&parts.extensions, parts.uri.path());
        let (actor, member) = (parts.extensions.get::<Actor>(), parts.extensions.get::<Member>());
        if let (Some(actor), Some(DrawNav(draw))) = (actor, parts.extensions.get::<DrawNav>()) {
            ctx.nav = Some(draw(actor, member, &ctx.path));
        }
        if let Some(reason) = member.and_then(|member| member.suspended.as_ref()) {
            ctx = ctx.with_banner(Tone::Warn, format!("This organisation is suspended: {reason}"));
        }
        let open = actor.into_iter().flat_map(|actor| &actor.glass);
        ctx.glass = open.map(GlassBar::from).collect();
        ctx.flash = read_flash(&parts.headers);
        Ok(ctx)
    }
}

/// A page as an answer.
#[derive(Debug, Clone)]
pub struct Page<T>(pub T);

impl<T: Template> Page<T> {
    /// The page with another status than 200.
    pub fn status(self, status: u16) -> Response {
        let mut response = self.into_response();
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        }
        response
    }
}

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            // A flash was shown on this page, if there was one: forget it.
            Ok(html) => (
                CookieJar::new().add(flash_cookie(String::new(), true)),
                Html(html),
            )
                .into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

/// An answer to a form that did its work: go there, with a message.
#[derive(Debug, Clone)]
pub struct SeeOther {
    to: String,
    flash: Option<Notice>,
}

impl SeeOther {
    /// Goes to a path of this site.
    pub fn to(path: impl Into<String>) -> Self {
        Self {
            to: path.into(),
            flash: None,
        }
    }

    /// Says that something worked.
    #[must_use]
    pub fn good(self, text: impl Into<String>) -> Self {
        self.say(Tone::Good, text)
    }

    /// Says that something needs attention.
    #[must_use]
    pub fn warn(self, text: impl Into<String>) -> Self {
        self.say(Tone::Warn, text)
    }

    /// Says that something failed.
    #[must_use]
    pub fn bad(self, text: impl Into<String>) -> Self {
        self.say(Tone::Bad, text)
    }

    /// Says something worth knowing.
    #[must_use]
    pub fn info(self, text: impl Into<String>) -> Self {
        self.say(Tone::Info, text)
    }

    /// Says why something can't be done now. What went wrong otherwise stays an error.
    pub fn refused(self, error: Error) -> Result<Self, Error> {
        match error {
            error @ (Error::Conflict { .. } | Error::LimitReached { .. }) => Ok(self.bad(error.sentence())),
            error => Err(error),
        }
    }

    /// The same, and what is wrong with something that was typed into a dialog: it has no form to come back to.
    pub fn refused_or_invalid(self, error: Error) -> Result<Self, Error> {
        match error {
            Error::Invalid(errors) => {
                let message = errors.0.first().map(|error| error.message.clone());
                Ok(self.bad(message.unwrap_or_default()))
            }
            error => self.refused(error),
        }
    }

    fn say(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.flash = Some(Notice {
            tone,
            text: text.into(),
        });
        self
    }
}

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        let redirect = Redirect::to(&self.to);
        match self.flash {
            Some(notice) => {
                let value = URL_SAFE_NO_PAD.encode(format!("{}:{}", notice.tone.name(), notice.text));
                (CookieJar::new().add(flash_cookie(value, false)), redirect).into_response()
            }
            None => redirect.into_response(),
        }
    }
}

fn flash_cookie(value: String, forget: bool) -> Cookie<'static> {
    let cookie = Cookie::build((FLASH_COOKIE, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax);
    if forget {
        cookie.removal().build()
    } else {
        cookie.build()
    }
}

fn read_flash(headers: &HeaderMap) -> Option<Notice> {
    let jar = CookieJar::from_headers(headers);
    let bytes = URL_SAFE_NO_PAD.decode(jar.get(FLASH_COOKIE)?.value()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (tone, text) = text.split_once(':')?;
    let tone = [Tone::Info, Tone::Good, Tone::Warn, Tone::Bad]
        .into_iter()
        .find(|known| known.name() == tone)?;
    Some(Notice {
        tone,
        text: text.to_owned(),
    })
}

/// A download: attachment with a file name of plain letters.
pub fn attachment(name: &str) -> (header::HeaderName, HeaderValue) {
    let safe: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .collect();
    let value = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\""));
    (
        header::CONTENT_DISPOSITION,
        value.unwrap_or(HeaderValue::from_static("attachment")),
    )
}
/// The left rail of one area.
#[derive(Debug, Clone, Default)]
pub struct Nav {
    /// What the area is called: the tenant's name, or "Provider".
    pub area: String,
    /// Where the area starts.
    pub home: String,
    /// The entries in their groups, in order.
    pub groups: Vec<NavGroup>,
    /// The other areas that this person may enter: tenants, and the staff area. Empty if there is only one.
    pub areas: Vec<NavArea>,
    /// The signed-in person's name.
    pub user_name: String,
    /// The signed-in person's address.
    pub user_email: String,
    /// The address that answers the command palette's questions (see `static/js/palette.js`); empty without one.
    pub palette: String,
}

impl Nav {
    /// The letter that stands for the area.
    pub fn initial(&self) -> String {
        first_letter(&self.area)
    }

    /// The letter that stands for the person.
    pub fn user_initial(&self) -> String {
        first_letter(&self.user_name)
    }
}

fn first_letter(words: &str) -> String {
    words
        .chars()
        .find(|c| c.is_alphanumeric())
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default()
}

/// Entries of the left rail that belong together.
#[derive(Debug, Clone)]
pub struct NavGroup {
    /// What stands above them; empty where nothing does.
    pub title: &'static str,
    /// The entries, in order.
    pub items: Vec<NavItem>,
}

/// One entry of the left rail.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// The words.
    pub label: std::borrow::Cow<'static, str>,
    /// The address.
    pub href: String,
    /// The name of a lucide icon in the sprite.
    pub icon: &'static str,
    /// Whether this page is below it.
    pub current: bool,
}

/// An area to switch to.
#[derive(Debug, Clone)]
pub struct NavArea {
    /// The tenant's name, or "Provider".
    pub label: String,
    /// The address.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// A step of the breadcrumbs.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// The words.
    pub label: String,
    /// The address.
    pub href: String,
}

/// How a message is meant; shown by colour, word and icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something is worth knowing.
    Info,
    /// Something worked.
    Good,
    /// Something needs attention.
    Warn,
    /// Something failed.
    Bad,
}

impl Tone {
    /// The class suffix and icon key: `info`, `good`, `warn`, `bad`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// That the person who looks has broken the glass.
#[derive(Debug, Clone)]
pub struct GlassBar {
    /// Whose.
    pub tenant: String,
    /// Until when, for people.
    pub until: String,
    /// Where it is ended.
    pub end_href: String,
}

impl From<&Glass> for GlassBar {
    fn from(open: &Glass) -> Self {
        Self {
            tenant: open.tenant.clone(),
            until: open.until.format("%H:%M UTC").to_string(),
            end_href: format!("/staff/break-glass/{}/end", open.id),
        }
    }
}

/// A message to the person who looks at the page.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// One sentence; plain text.
    pub text: String,
}
