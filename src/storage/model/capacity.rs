//! What a location has, what of it may be sold, and how many servers of a size still fit.

use crate::servers::model::Resources;

/// What of one thing a location has and has sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// What there is; nothing if nobody said.
    pub total: Option<i64>,
    /// The share of it that may be sold, in percent.
    pub percent: i32,
    /// What is sold.
    pub sold: i64,
}

impl Stock {
    /// How much may be sold, if it is known.
    pub fn sellable(self) -> Option<i64> {
        let product = i128::from(self.total?) * i128::from(self.percent) / 100;
        Some(i64::try_from(product).unwrap_or(i64::MAX))
    }

    /// How many more of this amount fit; nothing if nobody knows.
    fn more(self, amount: i64) -> Option<i64> {
        let left = self.sellable()?.saturating_sub(self.sold).max(0);
        (amount > 0).then(|| left / amount)
    }
}

/// What a location has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Thousandths of a core.
    pub cpu: Stock,
    /// MiB of memory.
    pub memory: Stock,
    /// MiB of disk.
    pub disk: Stock,
}

impl Capacity {
    /// How many more servers of a size fit, as far as what there is is known; nothing if none of it is.
    pub fn fit(&self, size: Resources) -> Option<i64> {
        let each = [
            self.cpu.more(size.cpu_millis),
            self.memory.more(size.memory_mib),
            self.disk.more(size.disk_mib),
        ];
        each.into_iter().flatten().min()
    }
}

/// The shares that may be chosen, in percent.
pub const SHARES: std::ops::RangeInclusive<i32> = 1..=10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stock(total: i64, percent: i32, sold: i64) -> Stock {
        Stock {
            total: Some(total),
            percent,
            sold,
        }
    }

    const SIZE: Resources = Resources {
        cpu_millis: 1000,
        memory_mib: 1024,
        disk_mib: 10_240,
    };

    #[test]
    fn the_scarcest_thing_decides() {
        let capacity = Capacity {
            cpu: stock(4000, 400, 0),
            memory: stock(8192, 50, 1024),
            disk: stock(102_400, 100, 0),
        };
        assert_eq!(capacity.fit(SIZE), Some(3));
        let sold_out = Capacity {
            disk: stock(1, 100, 500),
            ..capacity
        };
        assert_eq!(sold_out.fit(SIZE), Some(0));
    }

    #[test]
    fn what_nobody_said_decides_nothing() {
        let unknown = Stock {
            total: None,
            ..stock(0, 100, 7)
        };
        let capacity = Capacity {
            cpu: unknown,
            memory: unknown,
            disk: unknown,
        };
        assert_eq!(capacity.fit(SIZE), None);
        let memory = Capacity {
            memory: stock(2048, 100, 0),
            ..capacity
        };
        assert_eq!(memory.fit(SIZE), Some(2));
    }

    proptest! {
        #[test]
        fn as_many_as_fit_can_be_sold_and_one_more_can_not(
            total in 0_i64..1_000_000, percent in 1_i32..1000, sold in 0_i64..1_000_000,
        ) {
            let memory = stock(total, percent, sold);
            let capacity = Capacity { memory, ..Capacity::default() };
            let fit = capacity.fit(SIZE).unwrap();
            let sellable = memory.sellable().unwrap();
            prop_assert!(fit == 0 || sold + fit * SIZE.memory_mib <= sellable);
            prop_assert!(sold + (fit + 1) * SIZE.memory_mib > sellable);
        }
    }
}
