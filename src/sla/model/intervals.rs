//! Times from one moment to another, as sets: in order, without overlap, none empty.

use chrono::TimeDelta;

use super::At;

/// From a moment to before another.
pub type Interval = (At, At);

/// All that lies in any of them.
pub fn union(mut all: Vec<Interval>) -> Vec<Interval> {
    all.retain(|(from, to)| from < to);
    all.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// What of a set lies within an interval.
pub fn clip(set: &[Interval], (from, to): Interval) -> Vec<Interval> {
    let cut = set
        .iter()
        .map(|(begin, end)| ((*begin).max(from), (*end).min(to)));
    cut.filter(|(begin, end)| begin < end).collect()
}

/// What of a set lies outside of another.
pub fn subtract(set: &[Interval], without: &[Interval]) -> Vec<Interval> {
    let mut left = Vec::new();
    for (start, to) in set {
        let mut from = *start;
        for (begin, end) in without.iter().filter(|(begin, end)| end > start && begin < to) {
            if from < *begin {
                left.push((from, *begin));
            }
            from = from.max(*end);
        }
        if from < *to {
            left.push((from, *to));
        }
    }
    left
}

/// How long a set is.
pub fn total(set: &[Interval]) -> TimeDelta {
    set.iter().map(|(from, to)| *to - *from).sum()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn sets() -> impl Strategy<Value = Vec<Interval>> {
        let moment = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        prop::collection::vec((0i64..60, 0i64..60), 0..8).prop_map(move |pairs| {
            pairs
                .into_iter()
                .map(|(from, to)| (moment(from), moment(to)))
                .collect()
        })
    }

    fn has(set: &[Interval], at: At) -> bool {
        set.iter().any(|(from, to)| *from <= at && at < *to)
    }

    proptest! {
        #[test]
        fn a_minute_is_in_what_it_should_be_in(one in sets(), other in sets(), from in 0i64..60, to in 0i64..60) {
            let (a, b) = (union(one.clone()), union(other.clone()));
            let moment = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
            let part = clip(&subtract(&a, &b), (moment(from), moment(to)));
            let mut count = 0;
            for minute in 0..60 {
                let at = moment(minute);
                let expected = has(&one, at) && !has(&other, at) && (from..to).contains(&minute);
                prop_assert_eq!(has(&part, at), expected, "{}", minute);
                count += i64::from(expected);
            }
            prop_assert_eq!(total(&part), TimeDelta::minutes(count));
        }
    }
}
