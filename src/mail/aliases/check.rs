//! Whether mail may be sent on as somebody wants it, over what is reachable from there and what leads there.

use std::collections::BTreeSet;

use crate::mail::model::Address;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::model::{Fault, Graph, Node, Reach, check, expand};
use super::store;

/// As many addresses as are looked at for one change: a group of a thousand, each of whom has an alias of their own and a few
/// forwards.
const MAX_LOOKED_AT: usize = 5000;
/// As many steps from them as are gone: whoever saves waits for it, and so does all else of the tenant's mail.
const MAX_STEPS: usize = 50_000;
/// As many of those that lead here as are asked again. The nearest come first; beyond, Postfix's own limit holds.
const MAX_ABOVE: usize = 200;
/// Fewer addresses than this lead into a domain that becomes an alias of another.
const MAX_INTO: usize = 500;

/// Whether a mailbox may forward so. What is wrong is told at the field `forward_to`, with the chain. The tenant's sums are locked by
/// the caller.
pub async fn check_forward(tx: &mut impl Scoped, from: &Address, targets: &[Address]) -> Result<(), Error> {
    let Some(tenant) = store::tenant_of(tx, from.domain()).await? else {
        return Err(Error::NotFound);
    };
    let node = Node {
        targets: targets.iter().map(|target| target.as_str().to_owned()).collect(),
        keeps: true,
    };
    match fault(tx, tenant, from.as_str(), node).await? {
        Some(fault) => Err(Error::invalid("forward_to", fault.to_string())),
        None => Ok(()),
    }
}

/// Why nobody would get a mailbox's mail if it forwarded so and kept nothing; nothing if somebody would. That it may is asked before.
pub async fn forwards_to_nobody(
    tx: &mut impl Scoped,
    from: &Address,
    targets: &[Address],
) -> Result<Option<String>, Error> {
    let Some(tenant) = store::tenant_of(tx, from.domain()).await? else {
        return Err(Error::NotFound);
    };
    let targets: Vec<String> = targets.iter().map(|target| target.as_str().to_owned()).collect();
    let mut graph = Graph::default();
    let node = Node {
        targets: targets.clone(),
        keeps: false,
    };
    graph.put(from.as_str(), Some(node));
    if !load(tx, tenant, &mut graph, targets).await? {
        return Ok(None);
    }
    Ok(expand(&graph, from.as_str())
        .ok()
        .and_then(|reach| reach.nobody()))
}

/// What would be wrong if mail to `from` did what `node` says.
pub(in crate::mail) async fn fault(
    tx: &mut impl Scoped,
    tenant: TenantId,
    from: &str,
    node: Node,
) -> Result<Option<Fault>, Error> {
    let mut graph = Graph::default();
    let targets = node.targets.clone();
    graph.put(from, Some(node));
    if !load(tx, tenant, &mut graph, targets).await? {
        return Ok(Some(Fault::TooWide(vec![from.to_owned()])));
    }
    if let Err(fault) = expand(&graph, from) {
        return Ok(Some(fault));
    }
    // The farthest first: what leads here reaches what is reached from here, and all that is between needs no walk of its own.
    let mut good = BTreeSet::new();
    for above in above(tx, tenant, from).await?.into_iter().rev() {
        if good.contains(&above) {
            continue;
        }
        let mut wider = graph.clone();
        if !load(tx, tenant, &mut wider, vec![above.clone()]).await? {
            return Ok(Some(Fault::TooWide(vec![above, from.to_owned()])));
        }
        if let Err(fault) = check(&wider, &above, &mut good) {
            return Ok(Some(fault));
        }
        // A walk takes milliseconds, in which others wait for this thread.
        tokio::task::yield_now().await;
    }
    Ok(None)
}

/// What is wrong with where mail goes that leads into a domain, as its row has it now: a domain that becomes an alias of another
/// may close a circle that nobody's address is in. The tenant's sums are locked by the caller.
pub(in crate::mail) async fn domain_fault(
    tx: &mut impl Scoped,
    tenant: TenantId,
    domain: &str,
) -> Result<Option<Fault>, Error> {
    let from = store::leading_into(tx, tenant, domain, MAX_INTO).await?;
    let mut graph = Graph::default();
    let is_little = from.len() < MAX_INTO && load(tx, tenant, &mut graph, from.clone()).await?;
    if !is_little {
        let way = from.into_iter().take(1).chain([format!("@{domain}")]);
        return Ok(Some(Fault::TooWide(way.collect())));
    }
    let mut good = BTreeSet::new();
    Ok(from
        .iter()
        .find_map(|address| check(&graph, address, &mut good).err()))
}

/// Who gets mail to an address now.
pub(super) async fn reach(
    tx: &mut impl Scoped,
    tenant: TenantId,
    from: &str,
) -> Result<Result<Reach, Fault>, Error> {
    let mut graph = Graph::default();
    if !load(tx, tenant, &mut graph, vec![from.to_owned()]).await? {
        return Ok(Err(Fault::TooWide(vec![from.to_owned()])));
    }
    Ok(expand(&graph, from))
}

/// Looks at what is reachable, a step at a time. Says whether that is not too much.
async fn load(
    tx: &mut impl Scoped,
    tenant: TenantId,
    graph: &mut Graph,
    from: Vec<String>,
) -> Result<bool, Error> {
    let mut next = from;
    loop {
        next.retain(|address| !graph.knows(address));
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return Ok(graph.edges() <= MAX_STEPS);
        }
        if graph.count() + next.len() > MAX_LOOKED_AT || graph.edges() > MAX_STEPS {
            return Ok(false);
        }
        let mut further = Vec::new();
        for (address, node) in store::nodes(tx, tenant, &next).await? {
            further.extend(node.iter().flat_map(|node| node.targets.iter().cloned()));
            graph.put(&address, node);
        }
        next = further;
    }
}

/// The addresses that lead to one, the nearest first.
async fn above(tx: &mut impl Scoped, tenant: TenantId, from: &str) -> Result<Vec<String>, Error> {
    let (mut all, mut next) = (Vec::new(), vec![from.to_owned()]);
    while !next.is_empty() && all.len() < MAX_ABOVE {
        let found = store::leading_to(tx, tenant, &next).await?;
        next = found
            .into_iter()
            .filter(|address| address != from && !all.contains(address))
            .collect();
        all.extend(next.iter().cloned());
    }
    all.truncate(MAX_ABOVE);
    Ok(all)
}
