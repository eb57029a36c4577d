//! Whose an object on the engine is.
//!
//! Two labels say it. `berth.instance` is a name that somebody chose; two panels with databases of their own may have got
//! the same one by default, and would take each other's servers for orphans. `berth.installation` is the random id that
//! the database holds, so nobody has it twice. What bears our instance and another installation is somebody else's.
//!
//! Labels can't be changed, so what was made before there were installations never gets the second one. It counts as ours
//! when it is asked for by its key, because only the database that made it knows that (random) key; but nothing that
//! lists such an object may conclude that it is an orphan. See [`Observed::is_marked`](super::Observed::is_marked).
//!
//! Images are no installation's: their tags name their content, and every panel uses what is there.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::spec::label;
use super::{EngineError, EngineResult, InstallationKey, InstanceKey};

/// Which installation this is, as soon as the database has told. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct Installation(Arc<OnceLock<InstallationKey>>);

impl Installation {
    /// One that is known already.
    pub fn known(key: InstallationKey) -> Self {
        Self(Arc::new(OnceLock::from(key)))
    }

    /// Notes what the database says. The first that is noted holds while the process lives.
    pub fn learn(&self, key: InstallationKey) {
        let _ = self.0.set(key);
    }

    /// Its key; until it is known nothing on the engine can be called ours.
    pub fn key(&self) -> EngineResult<&InstallationKey> {
        let unknown =
            || EngineError::Unavailable("the database has not told yet which installation this is".into());
        self.0.get().ok_or_else(unknown)
    }
}

/// Whoever makes objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name that the provider chose. Names of objects begin with it.
    pub instance: InstanceKey,
    /// The installation.
    pub installation: InstallationKey,
}

/// What labels say about whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// We made it.
    Ours,
    /// Of our instance, from before installations had ids.
    Unmarked,
    /// Of our instance, but of another installation.
    OtherInstallation,
    /// Somebody else's.
    Foreign,
}

impl Owner {
    /// The name on the engine of this owner's object with the given key.
    pub fn name(&self, key: &str) -> String {
        self.instance.name(key)
    }

    /// The labels that everything of this owner carries.
    pub(super) fn labels(&self) -> [(String, String); 3] {
        let [managed, instance] = super::spec::ours(&self.instance);
        let installation = (label::INSTALLATION.to_owned(), self.installation.to_string());
        [managed, instance, installation]
    }

    /// Whose something with these labels is.
    pub(super) fn claim(&self, labels: &HashMap<String, String>) -> Claim {
        let is = |key: &str, value: &str| labels.get(key).map(|found| found == value);
        match (
            is(label::INSTANCE, self.instance.as_str()),
            is(label::INSTALLATION, self.installation.as_str()),
        ) {
            (Some(true), Some(true)) => Claim::Ours,
            (Some(true), None) => Claim::Unmarked,
            (Some(true), Some(false)) => Claim::OtherInstallation,
            (Some(false) | None, _) => Claim::Foreign,
        }
    }

    /// Whether something with these labels is marked as ours, or why it may not be touched.
    pub(super) fn demand(&self, name: &str, labels: &HashMap<String, String>) -> EngineResult<bool> {
        let name = name.to_owned();
        match self.claim(labels) {
            Claim::Ours => Ok(true),
            Claim::Unmarked => Ok(false),
            Claim::OtherInstallation => Err(EngineError::OtherInstallation { name }),
            Claim::Foreign => Err(EngineError::Foreign { name }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(instance: &str, installation: &str) -> Owner {
        Owner {
            instance: InstanceKey::new(instance).unwrap(),
            installation: InstallationKey::new(installation).unwrap(),
        }
    }

    #[test]
    fn only_both_labels_together_make_something_ours() {
        let us = owner("berth", "ins_1");
        let claim = |other: &Owner| us.claim(&other.labels().into());
        assert_eq!(claim(&us), Claim::Ours);
        assert_eq!(claim(&owner("berth", "ins_2")), Claim::OtherInstallation);
        assert_eq!(claim(&owner("other", "ins_1")), Claim::Foreign);
        let mut old = HashMap::from(us.labels());
        old.remove(label::INSTALLATION);
        assert_eq!(us.claim(&old), Claim::Unmarked);
        assert_eq!(us.claim(&HashMap::new()), Claim::Foreign);
    }

    #[test]
    fn nothing_is_ours_before_the_database_has_told() {
        let installation = Installation::default();
        assert!(matches!(installation.key(), Err(EngineError::Unavailable(_))));
        let key = InstallationKey::new("ins_1").unwrap();
        installation.clone().learn(key.clone());
        installation.learn(InstallationKey::new("ins_2").unwrap());
        assert_eq!(installation.key().unwrap(), &key);
    }
}
