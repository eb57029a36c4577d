//! The same wish for several servers: each has a transaction and an operation of its own, and what one is refused does not
//! hold up the others.

use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations::Operation;

use super::Asked;

/// So many servers are taken at most by one request, which must end in time.
pub const AT_ONCE: i64 = 100;

/// What came of a wish for several servers.
#[derive(Debug)]
pub struct Bulk {
    /// One for each server.
    pub lines: Vec<Line>,
    /// There are more servers than one request takes: ask again.
    pub has_more: bool,
}

/// What came of it for one server.
#[derive(Debug)]
pub struct Line {
    /// Which.
    pub id: ServerId,
    /// What people call it.
    pub name: String,
    /// The work, or why there is none, in a sentence.
    pub outcome: Result<Operation, String>,
}

impl Bulk {
    /// Gives the same wish to each of these servers, as far as one request takes them.
    pub(super) async fn of<F: Future<Output = Result<Asked, Error>>>(
        servers: Vec<(ServerId, String)>,
        wish: impl Fn(ServerId) -> F,
    ) -> Result<Self, Error> {
        let limit = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let has_more = servers.len() > limit;
        let mut lines = Vec::new();
        for (id, name) in servers.into_iter().take(limit) {
            lines.push(Line::new(id, name, wish(id).await)?);
        }
        Ok(Self { lines, has_more })
    }

    /// How many were taken on.
    pub fn begun(&self) -> usize {
        self.lines.iter().filter(|line| line.outcome.is_ok()).count()
    }
}

impl Line {
    /// A refusal is a line. What failed on our side ends it all: those before it are taken on, and asking again goes on.
    fn new(id: ServerId, name: String, asked: Result<Asked, Error>) -> Result<Self, Error> {
        let outcome = match asked {
            Ok(asked) => Ok(asked.operation),
            Err(error) if error.status() >= 500 => return Err(error),
            Err(error) => Err(error.sentence()),
        };
        Ok(Self { id, name, outcome })
    }
}
