//! A domain's own limits, as they are typed and as they are sent.

/// The largest quota that anything has: 16 TiB.
const MAX_QUOTA_MIB: i64 = 16_777_216;
/// More recipients an hour than any one mail server sends to.
const MAX_HOURLY: i32 = 10_000_000;

/// A number as it is typed; an empty field is no limit.
pub fn typed<T: std::str::FromStr>(text: &str) -> Result<Option<T>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| "Type a whole number, or leave it empty for no limit.".to_owned())
}

/// A quota in MiB. 0 takes nothing in.
pub fn check_quota(mib: i64) -> Result<i64, String> {
    if (0..=MAX_QUOTA_MIB).contains(&mib) {
        Ok(mib)
    } else {
        Err(format!("Use 0 to {MAX_QUOTA_MIB} MiB."))
    }
}

/// Recipients an hour. 0 sends nothing.
pub fn check_hourly(recipients: i32) -> Result<i32, String> {
    if (0..=MAX_HOURLY).contains(&recipients) {
        Ok(recipients)
    } else {
        Err(format!("Use 0 to {MAX_HOURLY}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_no_limit_and_nought_is_one() {
        assert_eq!(typed::<i64>("  "), Ok(None));
        assert_eq!(typed::<i64>(" 0 "), Ok(Some(0)));
        assert!(typed::<i32>("much").is_err() && typed::<i32>("1.5").is_err());
        assert!(
            check_quota(0).is_ok() && check_quota(-1).is_err() && check_quota(MAX_QUOTA_MIB + 1).is_err()
        );
        assert!(
            check_hourly(0).is_ok() && check_hourly(-1).is_err() && check_hourly(MAX_HOURLY + 1).is_err()
        );
    }
}
