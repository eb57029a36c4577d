//! Page, feed and JSON as text. What is served and what is exported comes from here, so that they are the same.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::asset_path;

use super::model::DAYS;
use super::view::{PostView, View, WindowView, shown};

/// The only thing that a page needs besides itself.
pub const CSS: &str = include_str!("../../static/css/status.css");

/// Where a page's other parts are.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// The style sheet.
    pub css: String,
    /// The feed, if there is one.
    pub feed: String,
    /// The JSON, if there is one.
    pub json: String,
    /// When it was exported, if it was.
    pub exported: String,
}

impl Links {
    /// Of the page that the world reads.
    pub fn live(slug: &str) -> Self {
        Self {
            feed: format!("/status/{slug}/feed.atom"),
            json: format!("/status/{slug}/status.json"),
            ..Self::inside()
        }
    }

    /// Of a page for those who are signed in, who have neither feed nor JSON without a session.
    pub fn inside() -> Self {
        Self {
            css: asset_path("css/status.css"),
            ..Self::default()
        }
    }

    /// Of a page that lives elsewhere, beside its other parts.
    pub fn exported(now: DateTime<Utc>) -> Self {
        Self {
            css: "status.css".to_owned(),
            feed: "feed.atom".to_owned(),
            json: "status.json".to_owned(),
            exported: shown(now),
        }
    }
}

#[derive(Template)]
#[template(path = "status/public.html")]
struct PublicPage<'a> {
    view: &'a View,
    links: &'a Links,
    /// What is open inside, for staff only.
    inside: &'a [(String, String)],
    days: u64,
}

/// The page. `inside` is what staff see besides.
pub fn html(view: &View, links: &Links, inside: &[(String, String)]) -> Result<String, Error> {
    let page = PublicPage {
        view,
        links,
        inside,
        days: DAYS,
    };
    page.render().map_err(Error::internal)
}

#[derive(Template)]
#[template(path = "status/feed.xml", escape = "html")]
struct Feed<'a> {
    view: &'a View,
    href: String,
    host: &'a str,
    updated: String,
}

/// The feed (Atom, RFC 4287): posts, and maintenance.
pub fn feed(app: &App, view: &View) -> Result<String, Error> {
    let newest = view.posts.iter().map(PostView::iso);
    let newest = newest
        .chain(view.maintenance.iter().map(WindowView::announced))
        .max();
    let feed = Feed {
        view,
        href: app.config.link(&format!("/status/{}", view.slug)),
        host: app.config.url_host(),
        updated: newest.unwrap_or_else(|| "2026-01-01T00:00:00Z".to_owned()),
    };
    feed.render().map_err(Error::internal)
}

/// The same for programs.
pub fn json(view: &View) -> Result<String, Error> {
    serde_json::to_string(view).map_err(Error::internal)
}
