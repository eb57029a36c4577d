//! What a plan allows and what a tenant uses, thing by thing, and how people read and write it.

use std::cmp::Ordering;

/// One of the things that a plan limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Servers.
    Servers,
    /// Processor time, in thousandths of a core.
    Cpu,
    /// Memory, in MiB.
    Memory,
    /// Disk, in MiB.
    Disk,
    /// Members, open invitations included.
    Members,
    /// Networks that the tenant makes beside the common one.
    Networks,
}

impl Resource {
    /// All, in the order of pages.
    pub const ALL: [Self; 6] = [
        Self::Servers,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Members,
        Self::Networks,
    ];

    /// Its name in forms and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Servers => "servers",
            Self::Cpu => "cpu_millis",
            Self::Memory => "memory_mib",
            Self::Disk => "disk_mib",
            Self::Members => "members",
            Self::Networks => "networks",
        }
    }

    /// Its name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Servers => "Servers",
            Self::Cpu => "vCPU",
            Self::Memory => "Memory",
            Self::Disk => "Disk",
            Self::Members => "Members",
            Self::Networks => "Networks",
        }
    }

    /// An amount of it, for people: `2.5`, `1.5 GiB`.
    pub fn show(self, amount: i64) -> String {
        match self {
            Self::Servers | Self::Members | Self::Networks => amount.to_string(),
            Self::Cpu => decimal(amount, 1000),
            Self::Memory | Self::Disk if amount.abs() >= 1024 => format!("{} GiB", decimal(amount, 1024)),
            Self::Memory | Self::Disk => format!("{amount} MiB"),
        }
    }

    /// The most that a plan may allow, far above any machine and far below overflow.
    fn ceiling(self) -> i64 {
        match self {
            Self::Servers | Self::Members => 100_000,
            // Each has a subnet of its location's pool.
            Self::Networks => 1_000,
            Self::Cpu => 100_000_000,
            Self::Memory => 1 << 30,
            Self::Disk => 1 << 40,
        }
    }
}

/// A fraction with at most three places, rounded down, without zeros at its end.
fn decimal(amount: i64, unit: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.abs();
    let thousandths = amount % unit * 1000 / unit;
    let text = format!("{sign}{}.{thousandths:03}", amount / unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How much of each thing: what a plan allows, or what a tenant uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Amounts {
    /// Servers.
    #[schema(minimum = 0, maximum = 100_000, example = 10)]
    pub servers: i64,
    /// Thousandths of a processor core; 2500 is 2.5 vCPU.
    #[schema(minimum = 0, maximum = 100_000_000, example = 4000)]
    pub cpu_millis: i64,
    /// Memory in MiB.
    #[schema(minimum = 0, maximum = 1_073_741_824, example = 8192)]
    pub memory_mib: i64,
    /// Disk in MiB.
    #[schema(minimum = 0, maximum = 1_099_511_627_776_i64, example = 102_400)]
    pub disk_mib: i64,
    /// Members, open invitations included.
    #[schema(minimum = 0, maximum = 100_000, example = 5)]
    pub members: i64,
    /// Networks beside the common one.
    #[schema(minimum = 0, maximum = 1000, example = 5)]
    pub networks: i64,
}

/// How many networks a plan allows if nobody says.
const USUAL_NETWORKS: i64 = 5;

/// The limits of a plan as programs say them. Those that came with later versions of Berth may be left out.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsIn {
    /// Servers.
    #[schema(minimum = 0, maximum = 100_000, example = 10)]
    servers: i64,
    /// Thousandths of a processor core; 2500 is 2.5 vCPU.
    #[schema(minimum = 0, maximum = 100_000_000, example = 4000)]
    cpu_millis: i64,
    /// Memory in MiB.
    #[schema(minimum = 0, maximum = 1_073_741_824, example = 8192)]
    memory_mib: i64,
    /// Disk in MiB.
    #[schema(minimum = 0, maximum = 1_099_511_627_776_i64, example = 102_400)]
    disk_mib: i64,
    /// Members, open invitations included.
    #[schema(minimum = 1, maximum = 100_000, example = 5)]
    members: i64,
    /// Networks beside the common one. Left out, a new plan allows 5, and a plan that is changed what it did.
    #[schema(minimum = 0, maximum = 1000, example = 5)]
    networks: Option<i64>,
}

impl LimitsIn {
    /// Whether nothing was said of networks.
    pub(crate) fn leaves_networks(&self) -> bool {
        self.networks.is_none()
    }

    /// The limits, with what is usual for those that were not said.
    pub(crate) fn amounts(self) -> Amounts {
        Amounts {
            servers: self.servers,
            cpu_millis: self.cpu_millis,
            memory_mib: self.memory_mib,
            disk_mib: self.disk_mib,
            members: self.members,
            networks: self.networks.unwrap_or(USUAL_NETWORKS),
        }
    }
}

/// Why an amount can't be a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AmountError {
    /// It is no number, or too high or low.
    #[error("Use a whole number from {low} to {high}.")]
    Whole {
        /// The lowest.
        low: i64,
        /// The highest.
        high: i64,
    },
    /// It is no number of cores.
    #[error("Use a number of cores such as 4 or 2.5, at most 100000.")]
    Cores,
}

impl Amounts {
    /// How much of one thing.
    pub fn get(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Servers => self.servers,
            Resource::Cpu => self.cpu_millis,
            Resource::Memory => self.memory_mib,
            Resource::Disk => self.disk_mib,
            Resource::Members => self.members,
            Resource::Networks => self.networks,
        }
    }

    /// Every thing's name and amount, for people.
    pub fn shown(&self) -> [(&'static str, String); 6] {
        Resource::ALL.map(|resource| (resource.label(), resource.show(self.get(resource))))
    }

    /// How much of each thing is used of `limits`.
    pub fn gauges(&self, limits: &Self) -> Vec<Gauge> {
        let gauge = |resource: Resource| Gauge {
            resource,
            used: self.get(resource),
            limit: limits.get(resource),
        };
        Resource::ALL.map(gauge).to_vec()
    }

    /// What is used beyond `limits`.
    pub fn beyond(&self, limits: &Self) -> Vec<Gauge> {
        let mut gauges = self.gauges(limits);
        gauges.retain(|gauge| gauge.over() > 0);
        gauges
    }
}

/// Checks that an amount may be a plan's limit.
pub(super) fn check(resource: Resource, amount: i64) -> Result<i64, AmountError> {
    let low = i64::from(resource == Resource::Members);
    let high = resource.ceiling();
    match resource {
        _ if (low..=high).contains(&amount) => Ok(amount),
        Resource::Cpu => Err(AmountError::Cores),
        _ => Err(AmountError::Whole { low, high }),
    }
}

/// Reads a whole number that somebody wrote into a form.
pub(super) fn parse_whole(resource: Resource, text: &str) -> Result<i64, AmountError> {
    // Nothing that is no number is in range.
    check(resource, text.trim().parse().unwrap_or(-1))
}

/// Reads a number of cores, such as `2.5`, as thousandths.
pub(super) fn parse_cpu(text: &str) -> Result<i64, AmountError> {
    let text = text.trim();
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || places.len() > 3 || !digits(whole) || !digits(places) {
        return Err(AmountError::Cores);
    }
    let millis = format!("{whole}{places:0<3}").parse().unwrap_or(-1);
    check(Resource::Cpu, millis)
}

/// One thing used of what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Which thing.
    pub resource: Resource,
    /// How much is used.
    pub used: i64,
    /// How much is allowed.
    pub limit: i64,
}

impl Gauge {
    /// How much is used beyond the limit; 0 if none.
    pub fn over(&self) -> i64 {
        (self.used - self.limit).max(0)
    }

    /// The used share in percent, at most 100. A limit of 0 is full.
    pub fn percent(&self) -> u32 {
        if self.limit <= 0 {
            return if self.used > 0 { 100 } else { 0 };
        }
        u32::try_from((self.used * 100 / self.limit).clamp(0, 100)).unwrap_or(100)
    }

    /// `3 of 10`.
    pub fn text(&self) -> String {
        format!(
            "{} of {}",
            self.resource.show(self.used),
            self.resource.show(self.limit)
        )
    }

    /// What is wrong with it, if something is: `Over limit by 2`.
    pub fn note(&self) -> String {
        match self.over() {
            0 => String::new(),
            over => format!("Over limit by {}", self.resource.show(over)),
        }
    }
}

/// What another plan would do to one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    /// The limit now.
    pub from: Gauge,
    /// The limit then.
    pub to: Gauge,
}

impl Shift {
    /// How much is used.
    pub(crate) fn used(&self) -> String {
        self.to.resource.show(self.to.used)
    }

    /// The limit now.
    pub(crate) fn limit_now(&self) -> String {
        self.from.resource.show(self.from.limit)
    }

    /// The limit then.
    pub(crate) fn limit_then(&self) -> String {
        self.to.resource.show(self.to.limit)
    }

    /// The tone that pages show the effect in.
    pub(crate) fn tone(&self) -> &'static str {
        match self.to.limit.cmp(&self.from.limit) {
            _ if self.to.over() > 0 => "bad",
            Ordering::Less => "warn",
            Ordering::Equal => "idle",
            Ordering::Greater => "good",
        }
    }

    /// The effect in words.
    pub(crate) fn effect(&self) -> String {
        match self.to.limit.cmp(&self.from.limit) {
            _ if self.to.over() > 0 => self.to.note(),
            Ordering::Less => "Less".to_owned(),
            Ordering::Equal => "Same".to_owned(),
            Ordering::Greater => "More".to_owned(),
        }
    }
}

/// What a change from one plan's limits to another's does to a tenant that uses `used`.
pub(crate) fn shifts(used: &Amounts, from: &Amounts, to: &Amounts) -> Vec<Shift> {
    let pairs = used.gauges(from).into_iter().zip(used.gauges(to));
    pairs.map(|(from, to)| Shift { from, to }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_well() {
        assert_eq!(Resource::Cpu.show(2500), "2.5");
        assert_eq!(Resource::Cpu.show(250), "0.25");
        assert_eq!(Resource::Cpu.show(4000), "4");
        assert_eq!(Resource::Cpu.show(0), "0");
        assert_eq!(Resource::Memory.show(512), "512 MiB");
        assert_eq!(Resource::Memory.show(1536), "1.5 GiB");
        assert_eq!(Resource::Disk.show(102_400), "100 GiB");
        assert_eq!(Resource::Servers.show(10), "10");
    }

    #[test]
    fn cores_are_read_as_people_write_them() {
        for (text, millis) in [
            ("2.5", 2500),
            ("4", 4000),
            ("0", 0),
            (" 0.25 ", 250),
            ("1.", 1000),
            ("100000", 100_000_000),
        ] {
            assert_eq!(parse_cpu(text), Ok(millis), "{text}");
        }
        for bad in [
            "",
            ".5",
            "-1",
            "2,5",
            "1.2345",
            "1e3",
            "100001",
            "９",
            "+1",
            "99999999999999999999",
        ] {
            assert_eq!(parse_cpu(bad), Err(AmountError::Cores), "{bad}");
        }
    }

    #[test]
    fn whole_numbers_have_bounds_per_thing() {
        assert_eq!(parse_whole(Resource::Servers, "0"), Ok(0));
        assert!(parse_whole(Resource::Members, "0").is_err());
        assert_eq!(parse_whole(Resource::Networks, "0"), Ok(0));
        assert!(parse_whole(Resource::Networks, "1001").is_err());
        assert!(parse_whole(Resource::Servers, "100001").is_err());
        assert!(parse_whole(Resource::Servers, "ten").is_err());
        assert_eq!(
            parse_whole(Resource::Members, "").unwrap_err().to_string(),
            "Use a whole number from 1 to 100000."
        );
    }

    #[test]
    fn use_beyond_the_limit_is_told() {
        let used = Amounts {
            servers: 5,
            memory_mib: 512,
            ..Amounts::default()
        };
        let limits = Amounts {
            servers: 3,
            memory_mib: 1024,
            members: 1,
            ..Amounts::default()
        };
        let beyond = used.beyond(&limits);
        assert_eq!(beyond.len(), 1);
        assert_eq!(beyond[0].note(), "Over limit by 2");
        assert_eq!(beyond[0].percent(), 100);
        assert_eq!(beyond[0].text(), "5 of 3");
        let change = shifts(&used, &limits, &Amounts { servers: 5, ..limits });
        assert_eq!((change[0].from.over(), change[0].to.over()), (2, 0));
    }

    proptest! {
        #[test]
        fn shown_cores_are_read_back(millis in 0_i64..=100_000_000) {
            prop_assert_eq!(parse_cpu(&Resource::Cpu.show(millis)), Ok(millis));
        }

        #[test]
        fn percent_never_leaves_its_range(used in 0_i64..1 << 40, limit in 0_i64..1 << 40) {
            let gauge = Gauge { resource: Resource::Disk, used, limit };
            prop_assert!(gauge.percent() <= 100);
            prop_assert_eq!(gauge.over() > 0, used > limit);
        }
    }
}
