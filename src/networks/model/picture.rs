//! The map as a drawing: servers side by side, the world above them, networks as lanes below. A server's line goes down to its
//! last lane, with a knot on each that it is in; where two knots share a lane, their servers reach each other.

use super::map::{Link, Map, MapServer};

/// More servers than this are no picture any more; the table has them all.
const MOST: usize = 24;
const GUTTER: usize = 156;
const COLUMN: usize = 112;
const NODE_WIDTH: usize = 96;
const NODE_HEIGHT: usize = 36;
const WORLD_Y: usize = 28;
const NODE_Y: usize = 72;
const FIRST_LANE: usize = 152;
const LANE: usize = 52;
/// How many characters fit into a server's box and a lane's label.
const NODE_LETTERS: usize = 11;
const LANE_LETTERS: usize = 18;

/// A network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its middle.
    pub y: usize,
    /// Its name, as far as it fits.
    pub label: String,
    /// All of it.
    pub name: String,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its middle.
    pub x: usize,
    /// Its name, as far as it fits.
    pub label: String,
    /// All of it.
    pub name: String,
    /// Its id, for its address.
    pub id: String,
    /// Whether it runs.
    pub is_running: bool,
    /// Where its line ends; nowhere if it is in no network.
    pub down_to: Option<usize>,
    /// What the world reaches of it; empty if nothing.
    pub ports: String,
}

/// A server in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knot {
    /// Across.
    pub x: usize,
    /// Down.
    pub y: usize,
    /// `in`, `joining` or `leaving`.
    pub state: &'static str,
    /// What it says to who points at it.
    pub title: String,
}

/// All of it, in units of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// How wide it is.
    pub width: usize,
    /// How high it is.
    pub height: usize,
    /// Where the world is.
    pub world_y: usize,
    /// The upper edge of servers' boxes.
    pub node_y: usize,
    /// How wide the boxes are.
    pub node_width: usize,
    /// How high they are.
    pub node_height: usize,
    /// The networks, from above.
    pub lanes: Vec<Lane>,
    /// The servers, from the left.
    pub nodes: Vec<Node>,
    /// Who is in which.
    pub knots: Vec<Knot>,
    /// How many servers are not on it.
    pub left_out: usize,
}

impl Picture {
    /// Draws a map.
    pub fn of(map: &Map) -> Self {
        let lanes: Vec<_> = map.lanes().collect();
        let shown = &map.servers[..map.servers.len().min(MOST)];
        let (mut nodes, mut knots) = (Vec::new(), Vec::new());
        for (number, server) in shown.iter().enumerate() {
            let x = GUTTER + number * COLUMN + COLUMN / 2;
            let ties = lanes.iter().enumerate().filter_map(|(row, (network, name))| {
                let link = map.link(server.id, *network)?;
                Some(knot(server, (x, lane_y(row)), name, link))
            });
            let ties: Vec<Knot> = ties.collect();
            nodes.push(node(server, x, ties.last().map(|knot| knot.y)));
            knots.extend(ties);
        }
        let lane = |(row, (_, name)): (usize, &(_, &str))| Lane {
            y: lane_y(row),
            label: cut(name, LANE_LETTERS),
            name: (*name).to_owned(),
        };
        Self {
            width: GUTTER + shown.len().max(1) * COLUMN,
            height: FIRST_LANE + lanes.len() * LANE - LANE / 2,
            world_y: WORLD_Y,
            node_y: NODE_Y,
            node_width: NODE_WIDTH,
            node_height: NODE_HEIGHT,
            lanes: lanes.iter().enumerate().map(lane).collect(),
            nodes,
            knots,
            left_out: map.servers.len() - shown.len(),
        }
    }
}

fn lane_y(row: usize) -> usize {
    FIRST_LANE + row * LANE
}

fn node(server: &MapServer, x: usize, down_to: Option<usize>) -> Node {
    let mut ports: Vec<i32> = server.ports.iter().map(|port| port.host_port).collect();
    ports.sort_unstable();
    ports.dedup();
    let more = if ports.len() > 2 { " …" } else { "" };
    let told: Vec<String> = ports.iter().take(2).map(i32::to_string).collect();
    Node {
        x,
        label: cut(&server.name, NODE_LETTERS),
        name: server.name.clone(),
        id: server.id.to_string(),
        is_running: server.is_running,
        down_to,
        ports: told.join(" ") + more,
    }
}

fn knot(server: &MapServer, (x, y): (usize, usize), network: &str, link: Link) -> Knot {
    let (state, words) = match (link.is_wanted, link.is_in) {
        (true, true) => ("in", "is in"),
        (true, false) => ("joining", "is yet to join"),
        (false, _) => ("leaving", "is yet to leave"),
    };
    Knot {
        x,
        y,
        state,
        title: format!("{} {words} {network}", server.name),
    }
}

fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::map::tests::{server, shop};
    use super::*;

    #[test]
    fn knots_are_where_lines_and_lanes_cross() {
        let picture = Picture::of(&shop());
        assert_eq!(
            (picture.nodes.len(), picture.lanes.len(), picture.knots.len()),
            (3, 2, 4)
        );
        for knot in &picture.knots {
            assert!(
                picture
                    .nodes
                    .iter()
                    .any(|node| node.x == knot.x && node.down_to >= Some(knot.y))
            );
            assert!(picture.lanes.iter().any(|lane| lane.y == knot.y));
        }
        assert_eq!(picture.knots[0].title, "db is in Back office");
        assert!(picture.lanes.iter().all(|lane| lane.y < picture.height));
        assert!(
            picture
                .nodes
                .iter()
                .all(|node| node.x + NODE_WIDTH / 2 <= picture.width)
        );
    }

    #[test]
    fn many_servers_are_cut_and_counted() {
        let mut map = shop();
        map.servers = (0..30)
            .map(|number| server(number, &format!("server {number}")))
            .collect();
        let picture = Picture::of(&map);
        assert_eq!((picture.nodes.len(), picture.left_out), (MOST, 30 - MOST));
    }

    #[test]
    fn long_names_are_cut_at_letters() {
        assert_eq!(cut("übermäßige Länge", 5), "über…");
        assert_eq!(cut("short", 5), "short");
    }
}
