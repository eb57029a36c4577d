//! What every page knows besides its own data: the layout's context.
//!
//! A template struct has a field `ctx: Ctx` and extends `layout/app.html` (signed in) or `layout/plain.html`
//! (sign-in, errors, setup). Nothing in here may hold a secret: all of it ends up in HTML.

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
    /// The way back: label and address, from the area's root to this page's parent.
    pub crumbs: Vec<Crumb>,
    /// The request id, shown on error pages.
    pub request_id: String,
}

impl Ctx {
    /// The address of an embedded file with its content hash, for example `ctx.asset("css/app.css")`.
    pub fn asset(&self, name: &str) -> String {
        format!("/static/{name}")
    }
}

/// The left rail of one area.
#[derive(Debug, Clone, Default)]
pub struct Nav {
    /// What the area is called: the tenant's name, or "Provider".
    pub area: String,
    /// Where the area starts.
    pub home: String,
    /// The entries, in order.
    pub items: Vec<NavItem>,
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

/// One entry of the left rail.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// The words.
    pub label: &'static str,
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

/// A message to the person who looks at the page.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// One sentence; plain text.
    pub text: String,
}
