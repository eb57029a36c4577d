//! What was written down about the organisation.

use crate::audit;

use super::super::outer::{Outer, Stop};
use super::super::source::Source;

/// A page of the log is a file, so that its length is known and no more of it is kept.
pub(super) async fn write_audit(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let (mut number, mut after) = (0, None);
    loop {
        let page = audit::csv_page(&mut source.begin().await?, source.tenant, after).await?;
        number += 1;
        outer.file(&format!("audit/{number:05}.csv"), &page.lines).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
