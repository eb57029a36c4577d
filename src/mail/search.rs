//! What lists of mail are searched for.

use crate::platform::error::Error;
use crate::platform::web::ListQuery;

/// The pattern of a search for addresses and names, or of domains by `searched`: somebody may type `bücher.example`.
pub(super) fn pattern(
    query: &ListQuery,
    searched: impl FnOnce(&str) -> String,
) -> Result<Option<String>, Error> {
    // It is judged as it was typed.
    query.pattern()?;
    let query = ListQuery {
        q: query.q.as_deref().map(searched),
        ..query.clone()
    };
    query.pattern()
}
