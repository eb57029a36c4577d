//! What was said and promised: tickets with their files, incidents, and reports of months. Never what is internal.

use super::super::model::Names;
use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::super::store::{self, Told};

/// How many tickets are read at once: a post may be long.
const TICKETS: i64 = 20;
/// How many incidents are in one file.
const INCIDENTS: i64 = 1_000;

pub(super) async fn write_tickets(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let mut after = None;
    loop {
        let page = store::tickets(&mut source.begin().await?, source.tenant, after, TICKETS).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for ticket in &page {
            write_ticket(source, outer, ticket).await?;
        }
    }
}

async fn write_ticket(source: &Source, outer: &mut Outer, ticket: &Told) -> Result<(), Stop> {
    let folder = format!("tickets/{}", ticket.number);
    outer
        .json(&format!("{folder}/ticket.json"), &ticket.content)
        .await?;
    let mut names = Names::default();
    for (id, name) in store::ticket_files(&mut source.begin().await?, ticket.id).await? {
        let content = store::ticket_file(&mut source.begin().await?, id).await?;
        let name = names.give(&name, &id.to_string());
        outer.file(&format!("{folder}/files/{name}"), &content).await?;
    }
    Ok(())
}

pub(super) async fn write_incidents(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let (mut after, mut number) = (None, 1);
    loop {
        let mut tx = source.begin().await?;
        let (incidents, last) = store::incidents(&mut tx, source.tenant, after, INCIDENTS).await?;
        drop(tx);
        if incidents.is_empty() {
            return Ok(());
        }
        outer
            .json(&format!("incidents/{number:05}.json"), &incidents)
            .await?;
        (after, number) = (last, number + 1);
    }
}

pub(super) async fn write_sla(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    for (month, report) in store::sla_reports(&mut source.begin().await?, source.tenant).await? {
        outer.json(&format!("sla/{month}.json"), &report).await?;
    }
    Ok(())
}
