//! `berth routes`: the whole surface on one page. A committed copy shows every change of it in review.

use std::fmt::Write as _;

use crate::platform::web::Kind;

/// The table: kind, method, path, rule.
pub(super) fn table() -> String {
    crate::routes::all()
        .table()
        .into_iter()
        .fold(String::new(), |mut out, route| {
            let kind = match route.kind {
                Kind::Page => "page",
                Kind::Api => "api",
            };
            let _ = writeln!(
                out,
                "{kind:<5} {:<7} {:<62} {}",
                route.method, route.path, route.rule
            );
            out
        })
}
