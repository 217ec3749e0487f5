//! The running number of an order: `{flowCode}_{yyyyMM}_{seq}`, the month in Asia/Shanghai.

use chrono::{DateTime, Utc};

/// The month in which an order's number counts.
pub(crate) fn month_of(now: DateTime<Utc>) -> String {
    now.with_timezone(&shared::time::shanghai()).format("%Y%m").to_string()
}

/// Four digits, more when they are used up.
pub(crate) fn running_number(flow: &str, month: &str, seq: i64) -> String {
    format!("{flow}_{month}_{seq:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_is_shanghais_and_the_number_grows_beyond_four_digits() {
        let eve = "2025-01-31T16:30:00Z".parse().unwrap();

        assert_eq!(month_of(eve), "202502");
        assert_eq!(running_number("SALES", "202502", 7), "SALES_202502_0007");
        assert_eq!(running_number("SALES", "202502", 12_345), "SALES_202502_12345");
    }
}
