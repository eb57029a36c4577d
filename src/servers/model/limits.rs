//! What servers take, against what the plan gives.

use crate::platform::error::Error;

/// What one server takes, whether it runs or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Resources {
    /// Thousandths of a processor.
    #[schema(example = 1000)]
    pub cpu_millis: i64,
    /// Memory.
    #[schema(example = 1024)]
    pub memory_mib: i64,
    /// Disk.
    #[schema(example = 10240)]
    pub disk_mib: i64,
}

/// How many servers there are, or may be, and what they take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Usage {
    /// How many.
    #[schema(example = 3)]
    pub servers: i64,
    /// Together.
    #[serde(flatten)]
    pub resources: Resources,
}

impl Usage {
    /// What one more server of this kind takes.
    pub fn one_more(resources: Resources) -> Self {
        Self {
            servers: 1,
            resources,
        }
    }

    /// What changes when a server's resources do.
    pub fn change(from: Resources, to: Resources) -> Self {
        Self {
            servers: 0,
            resources: Resources {
                cpu_millis: to.cpu_millis - from.cpu_millis,
                memory_mib: to.memory_mib - from.memory_mib,
                disk_mib: to.disk_mib - from.disk_mib,
            },
        }
    }

    /// What is left of `self` when `used` is taken; nothing is negative, even if a plan became smaller than its use.
    pub fn minus(self, used: Self) -> Self {
        let left = |limit: i64, used: i64| (limit - used).max(0);
        Self {
            servers: left(self.servers, used.servers),
            resources: Resources {
                cpu_millis: left(self.resources.cpu_millis, used.resources.cpu_millis),
                memory_mib: left(self.resources.memory_mib, used.resources.memory_mib),
                disk_mib: left(self.resources.disk_mib, used.resources.disk_mib),
            },
        }
    }

    /// Whether `more` fits beside `used` into `self`, the limits; otherwise the first limit that it breaks. Asking for
    /// less, or for nothing more of it, always fits.
    pub fn admit(self, used: Self, more: Self) -> Result<(), Error> {
        let columns = [
            ("servers", self.servers, used.servers, more.servers),
            (
                "thousandths of a CPU",
                self.resources.cpu_millis,
                used.resources.cpu_millis,
                more.resources.cpu_millis,
            ),
            (
                "MiB of memory",
                self.resources.memory_mib,
                used.resources.memory_mib,
                more.resources.memory_mib,
            ),
            (
                "MiB of disk",
                self.resources.disk_mib,
                used.resources.disk_mib,
                more.resources.disk_mib,
            ),
        ];
        for (what, limit, used, more) in columns {
            if more > 0 && used + more > limit {
                return Err(Error::LimitReached { what, limit, used });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(servers: i64, cpu_millis: i64) -> Usage {
        Usage {
            servers,
            resources: Resources {
                cpu_millis,
                memory_mib: 0,
                disk_mib: 0,
            },
        }
    }

    #[test]
    fn the_last_slot_fits_and_one_more_does_not() {
        let limits = usage(2, 1000);
        assert!(limits.admit(usage(1, 500), usage(1, 500)).is_ok());
        let refused = limits.admit(usage(2, 500), usage(1, 0));
        assert!(matches!(
            refused,
            Err(Error::LimitReached {
                what: "servers",
                limit: 2,
                used: 2
            })
        ));
        let refused = limits.admit(usage(1, 500), usage(1, 501));
        assert!(matches!(
            refused,
            Err(Error::LimitReached {
                what: "thousandths of a CPU",
                limit: 1000,
                used: 500
            })
        ));
    }

    #[test]
    fn a_plan_that_became_too_small_still_lets_servers_shrink() {
        let small = usage(1, 100);
        assert!(small.admit(usage(5, 5000), usage(0, -10)).is_ok());
        assert!(small.admit(usage(5, 5000), usage(0, 0)).is_ok());
        assert_eq!(small.minus(usage(5, 5000)), usage(0, 0));
    }
}
