//! XML: places are the names of elements from the root on; a value `[name='text']` sets an attribute.

use xmltree::{Element, EmitterConfig, XMLNode};

use super::Filled;

/// Deeper files are not read: building their tree takes the stack.
const MAX_DEPTH: usize = 64;

pub(super) fn edit(present: &str, edits: &[Filled]) -> Result<String, String> {
    if depth(present) > MAX_DEPTH {
        return Err("it is nested too deeply".to_owned());
    }
    let mut root = if present.trim().is_empty() {
        let first = edits
            .first()
            .and_then(|edit| edit.key.split('.').find(|step| !step.is_empty()));
        Element::new(first.filter(|name| is_name(name)).ok_or("it has no root")?)
    } else {
        Element::parse(present.trim_start_matches('\u{FEFF}').as_bytes())
            .map_err(|_| "it is not valid XML".to_owned())?
    };
    for edit in edits {
        let mut path = edit.key.split('.').filter(|step| !step.is_empty());
        if path.next() == Some(&root.name) {
            set(&mut root, &path.collect::<Vec<_>>(), edit);
        }
    }
    let mut out = Vec::new();
    let config = EmitterConfig::new().perform_indent(false);
    root.write_with_config(&mut out, config)
        .map_err(|error| error.to_string())?;
    String::from_utf8(out).map_err(|error| error.to_string())
}

fn set(node: &mut Element, path: &[&str], edit: &Filled) {
    let Some((step, rest)) = path.split_first() else {
        return write(node, edit);
    };
    let mut found = false;
    for child in node.children.iter_mut().filter_map(XMLNode::as_mut_element) {
        if *step == "*" || child.name == *step {
            found = true;
            set(child, rest, edit);
        }
    }
    if !found && edit.only.is_none() && is_name(step) {
        let mut child = Element::new(step);
        set(&mut child, rest, edit);
        node.children.push(XMLNode::Element(child));
    }
}

fn write(node: &mut Element, edit: &Filled) {
    let text = edit.text();
    let attribute = text.strip_prefix('[').and_then(|rest| rest.strip_suffix("']"));
    if let Some((name, value)) = attribute
        .and_then(|rest| rest.split_once("='"))
        .filter(|(name, _)| is_name(name))
    {
        if edit.fits(node.attributes.get(name).map_or("", String::as_str)) {
            node.attributes.insert(name.to_owned(), value.to_owned());
        }
    } else if edit.fits(node.get_text().as_deref().unwrap_or_default()) {
        node.children.retain(|child| child.as_element().is_some());
        node.children.insert(0, XMLNode::Text(text));
    }
}

fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'))
}

/// How deep elements are nested, at most; more than so where tags are not closed.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in text.split('<').skip(1) {
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?'])
            && !tag.split('>').next().is_some_and(|inside| inside.ends_with('/'))
        {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}
