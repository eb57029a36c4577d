//! Where mail to an address ends up. Pure: it walks over what was loaded, and tells a circle or too wide a spread by its chain.
//!
//! Postfix gives up on more than 1,000 addresses or 1,000 steps (`virtual_alias_expansion_limit` and
//! `virtual_alias_recursion_limit`, postconf(5)) and then defers the mail for days; so nothing that comes near is written.

use std::collections::{BTreeMap, BTreeSet};

use super::shown;

/// How many recipients one address may reach.
pub const MAX_RECIPIENTS: usize = 1000;
/// How often mail may be sent on.
pub const MAX_DEPTH: usize = 20;

/// What happens to mail for an address of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Where it is sent on to.
    pub targets: Vec<String>,
    /// Whether it stays here as well: somebody reads it.
    pub keeps: bool,
}

/// The addresses that were looked at.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// By address without what stands behind a `+`; nothing for what is elsewhere.
    nodes: BTreeMap<String, Option<Node>>,
    /// How many targets all of them have.
    edges: usize,
}

impl Graph {
    /// Notes an address; without a node it is elsewhere.
    pub fn put(&mut self, address: &str, node: Option<Node>) {
        self.edges += node.as_ref().map_or(0, |node| node.targets.len());
        self.nodes.insert(base(address), node);
    }

    /// Whether an address was looked at.
    pub fn knows(&self, address: &str) -> bool {
        self.nodes.contains_key(&base(address))
    }

    /// How many were.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// How many steps lead from them.
    pub fn edges(&self) -> usize {
        self.edges
    }

    fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name).and_then(Option::as_ref)
    }
}

/// Who gets mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Mailboxes here, and addresses elsewhere.
    pub recipients: BTreeSet<String>,
    /// Addresses of ours at which it is refused: nobody has them, or they are turned off.
    pub refused: BTreeSet<String>,
    /// The ways to these, the first of them only.
    pub dead_ends: Vec<Vec<String>>,
}

/// As many ways to where mail is refused are told.
const MOST_DEAD_ENDS: usize = 100;

impl Reach {
    /// Why nobody at all gets the mail, with the way that it would go; nothing if somebody does.
    pub fn nobody(&self) -> Option<String> {
        if !self.recipients.is_empty() {
            return None;
        }
        let way = self.dead_ends.first().map(|way| arrows(way)).unwrap_or_default();
        let others = match self.refused.len() {
            0 | 1 => String::new(),
            2 => " So does another way.".to_owned(),
            more => format!(" So do {} other ways.", more - 1),
        };
        Some(format!(
            "Nobody gets its mail, and whoever writes to it is refused: {way} ends at an address that nobody has or that is turned \
             off.{others} Lead to somebody who is there."
        ))
    }

    /// The ways to where it is refused, as people read them.
    pub fn ways(&self) -> impl Iterator<Item = String> {
        self.dead_ends.iter().map(|way| arrows(way))
    }
}

/// Why mail can't be sent on so. Each has the way there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It comes back to where it was.
    #[error("This leads in a circle: {}. Take one of these steps out.", arrows(.0))]
    Circle(Vec<String>),
    /// It is sent on too often.
    #[error("Mail can be sent on {MAX_DEPTH} times at most, and this is longer: {}. Lead there more directly.", arrows(.0))]
    TooDeep(Vec<String>),
    /// Too many get it.
    #[error("More than 1,000 recipients would get one message, by this way: {}. Lead to fewer.", arrows(.0))]
    TooWide(Vec<String>),
}

/// The longest way that is shown whole.
const SHOWN: usize = MAX_DEPTH + 2;

fn arrows(chain: &[String]) -> String {
    let shown: Vec<String> = chain.iter().take(SHOWN).map(|name| shown(name)).collect();
    shown.join(" → ")
}

/// An address without what stands behind a `+` (RFC 5233).
pub fn base(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or_default()),
        None => address.to_owned(),
    }
}

/// Who gets mail to an address.
pub fn expand(graph: &Graph, from: &str) -> Result<Reach, Fault> {
    let mut walk = Walk {
        graph,
        path: Vec::new(),
        heights: BTreeMap::new(),
        reach: Reach::default(),
    };
    walk.visit(from)?;
    Ok(walk.reach)
}

/// Whether anything is wrong with where an address leads. `good` are those of which it is known that nothing is: whatever a good one
/// reaches is good itself, and is noted there.
pub fn check(graph: &Graph, from: &str, good: &mut BTreeSet<String>) -> Result<(), Fault> {
    if good.contains(&base(from)) {
        return Ok(());
    }
    let mut walk = Walk {
        graph,
        path: Vec::new(),
        heights: BTreeMap::new(),
        reach: Reach::default(),
    };
    walk.visit(from)?;
    good.extend(walk.heights.into_keys());
    Ok(())
}

struct Walk<'a> {
    graph: &'a Graph,
    /// The way to where it is now.
    path: Vec<String>,
    /// How often mail is sent on from what was left behind, at most. Who was there once need not go again.
    heights: BTreeMap<String, usize>,
    reach: Reach,
}

impl Walk<'_> {
    /// Goes on, and says how often mail is sent on from here. It can't go deeper than [`MAX_DEPTH`].
    fn visit(&mut self, address: &str) -> Result<usize, Fault> {
        let name = base(address);
        if self.path.contains(&name) {
            return Err(Fault::Circle(self.chain(name)));
        }
        if self.path.len() > MAX_DEPTH {
            return Err(Fault::TooDeep(self.chain(name)));
        }
        let graph = self.graph;
        let Some(node) = graph.node(&name) else {
            self.take(address)?;
            return Ok(0);
        };
        if node.keeps {
            self.take(address)?;
        }
        if let Some(height) = self.heights.get(&name).copied() {
            return if self.path.len() + height > MAX_DEPTH {
                Err(Fault::TooDeep(self.longest(name)))
            } else {
                Ok(height)
            };
        }
        if node.targets.is_empty() && !node.keeps {
            if self.reach.dead_ends.len() < MOST_DEAD_ENDS {
                let way = self.chain(name.clone());
                self.reach.dead_ends.push(way);
            }
            self.reach.refused.insert(name.clone());
        }
        self.path.push(name.clone());
        let mut height = 0;
        for target in &node.targets {
            height = height.max(1 + self.visit(target)?);
        }
        self.path.pop();
        self.heights.insert(name, height);
        Ok(height)
    }

    fn take(&mut self, address: &str) -> Result<(), Fault> {
        let known = &mut self.reach.recipients;
        if known.len() >= MAX_RECIPIENTS && !known.contains(address) {
            return Err(Fault::TooWide(self.chain(address.to_owned())));
        }
        known.insert(address.to_owned());
        Ok(())
    }

    fn chain(&self, last: String) -> Vec<String> {
        self.path.iter().cloned().chain([last]).collect()
    }

    /// The way here and on, where it is longest.
    fn longest(&self, name: String) -> Vec<String> {
        let mut chain = self.chain(name);
        while let Some(node) = chain.last().and_then(|last| self.graph.node(last)) {
            let names = node.targets.iter().map(|target| base(target));
            let height = |name: &String| self.heights.get(name).copied().unwrap_or_default();
            let Some(next) = names.max_by_key(height) else {
                break;
            };
            chain.push(next);
        }
        chain
    }
}

/// What has an address.
#[derive(Debug, Clone)]
pub enum Found {
    /// An alias, a group or a catch-all.
    Alias {
        /// Where it leads.
        targets: Vec<String>,
        /// Whether it does.
        is_enabled: bool,
    },
    /// A mailbox.
    Mailbox {
        /// Where it forwards.
        forward_to: Vec<String>,
        /// Whether mail stays as well.
        keeps_copy: bool,
    },
}

/// A domain of ours, as far as its mail is sent on.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    /// The domain that it stands for.
    pub alias_of: Option<String>,
    /// Whether something gets what nobody has.
    pub has_catch_all: bool,
}

/// What happens to mail for an address, of what was found about it. Without a domain of ours it is elsewhere.
pub fn node(address: &str, found: Option<&Found>, zone: Option<&Zone>) -> Option<Node> {
    let zone = zone?;
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    if let Some(other) = &zone.alias_of {
        return Some(leads(vec![format!("{local}@{other}")]));
    }
    Some(match found {
        Some(Found::Alias {
            targets,
            is_enabled: true,
        }) => leads(targets.clone()),
        Some(Found::Mailbox {
            forward_to,
            keeps_copy,
        }) => Node {
            targets: forward_to.clone(),
            keeps: *keeps_copy || forward_to.is_empty(),
        },
        None if zone.has_catch_all && !local.is_empty() => leads(vec![format!("@{domain}")]),
        Some(Found::Alias { .. }) | None => Node::default(),
    })
}

fn leads(targets: Vec<String>) -> Node {
    Node {
        targets,
        keeps: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            let targets = to.iter().map(|target| (*target).to_owned()).collect();
            graph.put(from, Some(leads(targets)));
        }
        graph
    }

    fn chain(fault: &Fault) -> &[String] {
        match fault {
            Fault::Circle(chain) | Fault::TooDeep(chain) | Fault::TooWide(chain) => chain,
        }
    }

    #[test]
    fn a_circle_is_told_by_its_chain() {
        let circle = graph(&[
            ("a@x", &["b@x"]),
            ("b@x", &["c@y", "d@x"]),
            ("c@y", &["a+news@x"]),
        ]);
        let told = expand(&circle, "a@x").unwrap_err().to_string();
        assert!(told.contains("a@x → b@x → c@y → a@x."), "{told}");
        let own = graph(&[("a@x", &["a@x"])]);
        assert_eq!(
            expand(&own, "a@x"),
            Err(Fault::Circle(vec!["a@x".to_owned(), "a@x".to_owned()]))
        );
    }

    #[test]
    fn two_ways_to_one_place_are_no_circle() {
        let wide = graph(&[("a@x", &["b@x", "c@x"]), ("b@x", &["d@y"]), ("c@x", &["d@y"])]);
        let reach = expand(&wide, "a@x").unwrap();
        assert_eq!(reach.recipients, BTreeSet::from(["d@y".to_owned()]));
    }

    #[test]
    fn what_leads_nowhere_is_told_with_its_way() {
        let mut nowhere = graph(&[
            ("a@x", &["b@x"]),
            ("b@x", &["gone@x", "off@xn--bcher-kva.example"]),
        ]);
        nowhere.put("gone@x", Some(Node::default()));
        nowhere.put("off@xn--bcher-kva.example", Some(Node::default()));
        let reach = expand(&nowhere, "a@x").unwrap();
        let ways: Vec<String> = reach.ways().collect();
        assert_eq!(ways, ["a@x → b@x → gone@x", "a@x → b@x → off@bücher.example"]);
        let told = reach.nobody().unwrap();
        assert!(
            told.contains("a@x → b@x → gone@x ends at") && told.contains("another way"),
            "{told}"
        );
        nowhere.put("a@x", Some(leads(vec!["b@x".to_owned(), "kim@y".to_owned()])));
        let reach = expand(&nowhere, "a@x").unwrap();
        assert_eq!(
            (reach.nobody(), reach.dead_ends.len()),
            (None, 2),
            "somebody gets it"
        );
    }

    #[test]
    fn what_a_good_way_passes_is_good() {
        let long = graph(&[("a@x", &["b@x"]), ("b@x", &["c@y"]), ("z@x", &["z@x"])]);
        assert_eq!(long.edges(), 3);
        let mut good = BTreeSet::new();
        assert_eq!(check(&long, "a@x", &mut good), Ok(()));
        assert_eq!(good, BTreeSet::from(["a@x".to_owned(), "b@x".to_owned()]));
        assert!(check(&long, "z@x", &mut good).is_err());
        assert_eq!(check(&long, "b+news@x", &mut good), Ok(()));
        assert_eq!(good.len(), 2, "what is wrong is not noted");
    }

    #[test]
    fn twenty_steps_are_enough_and_a_thousand_recipients() {
        let mut long = Graph::default();
        for step in 0..20 {
            long.put(&format!("{step}@x"), Some(leads(vec![format!("{}@x", step + 1)])));
        }
        assert!(expand(&long, "0@x").is_ok());
        long.put("start@x", Some(leads(vec!["0@x".to_owned()])));
        let fault = expand(&long, "start@x").unwrap_err();
        assert!(
            matches!(fault, Fault::TooDeep(ref chain) if chain.len() == 22),
            "{fault}"
        );

        let many = |count: usize| (0..count).map(|n| format!("{n}@y")).collect();
        let mut wide = Graph::default();
        wide.put("all@x", Some(leads(many(1000))));
        assert_eq!(expand(&wide, "all@x").unwrap().recipients.len(), 1000);
        wide.put("all@x", Some(leads(many(1001))));
        assert!(matches!(expand(&wide, "all@x"), Err(Fault::TooWide(_))));
    }

    #[test]
    fn what_has_an_address_says_where_its_mail_goes() {
        let zone = Zone {
            alias_of: None,
            has_catch_all: true,
        };
        let old = Zone {
            alias_of: Some("new".to_owned()),
            has_catch_all: false,
        };
        let to = |targets: &[&str], keeps| {
            let targets = targets.iter().map(|target| (*target).to_owned()).collect();
            Some(Node { targets, keeps })
        };
        let off = Found::Alias {
            targets: vec!["b@y".to_owned()],
            is_enabled: false,
        };
        let forwards = |keeps_copy| Found::Mailbox {
            forward_to: vec!["b@y".to_owned()],
            keeps_copy,
        };
        assert_eq!(node("a@x", None, None), None);
        assert_eq!(node("a@x", None, Some(&old)), to(&["a@new"], false));
        assert_eq!(node("a@x", None, Some(&zone)), to(&["@x"], false));
        assert_eq!(node("@x", None, Some(&zone)), to(&[], false));
        assert_eq!(node("a@x", Some(&off), Some(&zone)), to(&[], false));
        assert_eq!(
            node("a@x", Some(&forwards(true)), Some(&zone)),
            to(&["b@y"], true)
        );
        assert_eq!(
            node("a@x", Some(&forwards(false)), Some(&zone)),
            to(&["b@y"], false)
        );
    }

    /// All ways from an address, one after the other: who gets mail, or nothing if a way comes back or is too long.
    fn naive(graph: &Graph, path: &mut Vec<String>, address: &str) -> Option<BTreeSet<String>> {
        let name = base(address);
        if path.contains(&name) || path.len() > MAX_DEPTH {
            return None;
        }
        let Some(node) = graph.node(&name) else {
            return Some(BTreeSet::from([address.to_owned()]));
        };
        let mut all = BTreeSet::new();
        if node.keeps {
            all.insert(address.to_owned());
        }
        path.push(name);
        for target in &node.targets {
            all.extend(naive(graph, path, target)?);
        }
        path.pop();
        Some(all)
    }

    fn some_graph() -> impl Strategy<Value = Graph> {
        let node = (proptest::collection::vec(0..30_usize, 0..3), any::<bool>());
        proptest::collection::vec(node, 26).prop_map(|nodes| {
            let mut graph = Graph::default();
            for (at, (targets, keeps)) in nodes.into_iter().enumerate() {
                // Mostly onwards, so that there are long ways and not only circles.
                let to = |step: usize| if step < 28 { at + 1 + step % 3 } else { step - 28 };
                let targets = targets
                    .into_iter()
                    .map(|step| format!("{}@x", to(step)))
                    .collect();
                graph.put(&format!("{at}@x"), Some(Node { targets, keeps }));
            }
            graph
        })
    }

    proptest! {
        #[test]
        fn agrees_with_walking_every_way(graph in some_graph()) {
            let walked = expand(&graph, "0@x");
            let expected = naive(&graph, &mut Vec::new(), "0@x");
            prop_assert_eq!(walked.as_ref().ok().map(|reach| reach.recipients.clone()), expected);
            if let Err(fault) = walked {
                let chain = chain(&fault);
                for pair in chain.windows(2) {
                    let node = graph.node(&pair[0]).unwrap();
                    prop_assert!(node.targets.contains(&pair[1]), "{} is no step", pair.join(" → "));
                }
                let last = chain.last().unwrap();
                match fault {
                    Fault::Circle(_) => prop_assert!(chain[..chain.len() - 1].contains(last)),
                    _ => prop_assert!(chain.len() > MAX_DEPTH + 1),
                }
            }
        }
    }
}
