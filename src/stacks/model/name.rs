//! Names: of a stack, of its servers, and of its parts inside of its network.

use crate::servers::model::{NameError, ServerName};

/// The names of servers are made from it, and have to fit.
const MAX: usize = 40;

/// What people call a stack: a server's name, but shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackName(ServerName);

impl StackName {
    /// Takes a name, or says in a sentence why it can't be one.
    pub fn parse(text: &str) -> Result<Self, String> {
        match ServerName::parse(text) {
            Ok(name) if name.as_str().chars().count() <= MAX => Ok(Self(name)),
            Ok(_) | Err(NameError::Long) => Err(format!("Use at most {MAX} characters.")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The name of a stack that comes back: its own, or one that nobody of `taken` has.
    pub fn restored(name: &str, taken: &[String]) -> String {
        let is_free = |candidate: &String| !taken.contains(&candidate.to_lowercase());
        let stem: String = name.chars().take(MAX - 14).collect();
        let numbered = (2..=taken.len() + 2).map(|number| format!("{} (restored {number})", stem.trim_end()));
        [name.to_owned(), format!("{} (restored)", stem.trim_end())]
            .into_iter()
            .chain(numbered)
            .find(is_free)
            .unwrap_or_else(|| name.to_owned())
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same as a name of a network.
    pub fn as_name(&self) -> &ServerName {
        &self.0
    }
}

/// The name of a part's server. Only where there may be several of them do they have numbers.
pub fn server_name(stack: &str, part: &str, number: Option<i32>) -> Result<ServerName, NameError> {
    let number = number.map_or_else(String::new, |number| format!(" {number}"));
    ServerName::parse(&format!("{stack} {part}{number}"))
}

/// The name by which a part's servers are found inside of the stack's network: all of them, however many there are. The
/// top-level domain is the one that is set aside for private use, and no server's own name has a dot.
pub fn inside_name(host_label: &str, part: &str) -> String {
    format!("{part}.{host_label}.internal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_servers_say_where_they_belong_and_fit() {
        assert_eq!(server_name("Shop", "db", None).unwrap().as_str(), "Shop db");
        assert_eq!(
            server_name("Shop", "web", Some(2)).unwrap().as_str(),
            "Shop web 2"
        );
        let longest = server_name(&"x".repeat(MAX), &"y".repeat(16), Some(99));
        assert!(longest.is_ok());
        assert_eq!(inside_name("shop-2", "db"), "db.shop-2.internal");
    }

    #[test]
    fn a_name_is_a_servers_name_and_shorter() {
        assert_eq!(StackName::parse(" Shop ").unwrap().as_str(), "Shop");
        let long = StackName::parse(&"x".repeat(MAX + 1));
        assert_eq!(long, Err("Use at most 40 characters.".to_owned()));
        assert_eq!(
            StackName::parse(&"x".repeat(70)),
            Err("Use at most 40 characters.".to_owned())
        );
        assert!(StackName::parse("a\nb").is_err() && StackName::parse("").is_err());
    }

    #[test]
    fn a_stack_that_comes_back_finds_a_name() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(StackName::restored("Shop", &taken(&["other"])), "Shop");
        assert_eq!(StackName::restored("Shop", &taken(&["shop"])), "Shop (restored)");
        let both = taken(&["shop", "shop (restored)"]);
        assert_eq!(StackName::restored("Shop", &both), "Shop (restored 2)");
        let long = "x".repeat(MAX);
        let new = StackName::restored(&long, &taken(&[&long]));
        assert!(StackName::parse(&new).is_ok() && new != long, "{new}");
    }
}
