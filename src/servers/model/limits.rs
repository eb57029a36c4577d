//! What servers take, against what the plan gives.

use crate::platform::error::Error;
use crate::tenants::{Amounts, Resource};

/// What one server takes, whether it runs or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Resources {
    /// Thousandths of a processor core.
    #[schema(example = 1000)]
    pub cpu_millis: i64,
    /// Memory in MiB.
    #[schema(example = 1024)]
    pub memory_mib: i64,
    /// Disk in MiB.
    #[schema(example = 10240)]
    pub disk_mib: i64,
}

impl Resources {
    /// Processors; half a one is 0.5.
    #[expect(clippy::cast_precision_loss, reason = "there are not so many processors")]
    pub fn cpus(self) -> f64 {
        self.cpu_millis as f64 / 1000.0
    }

    /// What one more server of this kind takes.
    pub fn one_more(self) -> Amounts {
        Amounts {
            servers: 1,
            cpu_millis: self.cpu_millis,
            memory_mib: self.memory_mib,
            disk_mib: self.disk_mib,
            members: 0,
            networks: 0,
        }
    }

    /// What it has more than another, thing by thing; less is negative.
    #[must_use]
    pub fn more_than(self, old: Self) -> Self {
        Self {
            cpu_millis: self.cpu_millis - old.cpu_millis,
            memory_mib: self.memory_mib - old.memory_mib,
            disk_mib: self.disk_mib - old.disk_mib,
        }
    }

    /// What a server takes more when it changes from `old` to this; less is negative.
    pub fn instead_of(self, old: Self) -> Amounts {
        Amounts {
            servers: 0,
            cpu_millis: self.cpu_millis - old.cpu_millis,
            memory_mib: self.memory_mib - old.memory_mib,
            disk_mib: self.disk_mib - old.disk_mib,
            members: 0,
            networks: 0,
        }
    }
}

/// Whether `more` fits beside `used` into `limits`; otherwise the first limit that it breaks. Asking for less, or for
/// nothing more of a thing, always fits: a plan that became too small must not keep anybody from shrinking.
pub fn admit(limits: &Amounts, used: &Amounts, more: &Amounts) -> Result<(), Error> {
    for resource in Resource::ALL {
        let (limit, used, more) = (limits.get(resource), used.get(resource), more.get(resource));
        if more > 0 && used + more > limit {
            let what = match resource {
                Resource::Servers => "servers",
                Resource::Cpu => "thousandths of a CPU core",
                Resource::Memory => "MiB of memory",
                Resource::Disk => "MiB of disk",
                Resource::Members => "members",
                Resource::Networks => "networks",
            };
            return Err(Error::LimitReached { what, limit, used });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(servers: i64, cpu_millis: i64) -> Amounts {
        Amounts {
            servers,
            cpu_millis,
            ..Amounts::default()
        }
    }

    fn refused(limits: &Amounts, used: &Amounts, more: &Amounts) -> Option<&'static str> {
        match admit(limits, used, more) {
            Err(Error::LimitReached { what, .. }) => Some(what),
            _ => None,
        }
    }

    #[test]
    fn the_last_slot_fits_and_one_more_does_not() {
        let limits = amounts(2, 1000);
        assert_eq!(refused(&limits, &amounts(1, 500), &amounts(1, 500)), None);
        assert_eq!(
            refused(&limits, &amounts(2, 500), &amounts(1, 0)),
            Some("servers")
        );
        assert_eq!(
            refused(&limits, &amounts(1, 500), &amounts(1, 501)),
            Some("thousandths of a CPU core")
        );
    }

    #[test]
    fn a_plan_that_became_too_small_still_lets_servers_shrink() {
        let small = amounts(1, 100);
        assert_eq!(refused(&small, &amounts(5, 5000), &amounts(0, -10)), None);
        assert_eq!(refused(&small, &amounts(5, 5000), &amounts(0, 0)), None);
        assert_eq!(
            refused(&small, &amounts(5, 5000), &amounts(0, 1)),
            Some("thousandths of a CPU core")
        );
    }
}
