//! The document's time on the wire: `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, UTC inside.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// Asia/Shanghai: eight hours ahead of UTC, without daylight saving since 1991.
pub fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// Why a text is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("时间格式应为 yyyy-MM-dd HH:mm:ss 或带时区的 ISO-8601，且日期必须真实存在")]
pub struct Refusal;

/// Reads an instant; impossible dates and words such as `infinity` are refused here, so that the
/// database never sees them (spec "The contract": times on the wire).
pub fn parse(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let instant = if text.len() == 19 && text.as_bytes().get(10) == Some(&b' ') {
        shanghai().from_local_datetime(&local(text)?).single().ok_or(Refusal)?.to_utc()
    } else {
        offset(text)?
    };
    let plausible = (1970..=9999).contains(&instant.year());
    if plausible { Ok(instant) } else { Err(Refusal) }
}

/// Writes an instant as the document does.
pub fn format(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&shanghai()).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `yyyy-MM-dd HH:mm:ss` with every digit in place and every part in range.
fn local(text: &str) -> Result<NaiveDateTime, Refusal> {
    let shape = "dddd-dd-dd dd:dd:dd";
    let fits = text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(c, s)| if s == b'd' { c.is_ascii_digit() } else { c == s });
    if !fits {
        return Err(Refusal);
    }
    let part = |from: usize, to: usize| {
        text.get(from..to).and_then(|digits| digits.parse::<u32>().ok()).ok_or(Refusal)
    };
    let year = i32::try_from(part(0, 4)?).or(Err(Refusal))?;
    let date = NaiveDate::from_ymd_opt(year, part(5, 7)?, part(8, 10)?).ok_or(Refusal)?;
    let time =
        NaiveTime::from_hms_opt(part(11, 13)?, part(14, 16)?, part(17, 19)?).ok_or(Refusal)?;
    Ok(date.and_time(time))
}

/// ISO-8601 with an offset; a leap second (`:60`) is refused, because no caller means one.
fn offset(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let head = text.get(..19).ok_or(Refusal)?;
    if head.as_bytes().get(10) != Some(&b'T') {
        return Err(Refusal);
    }
    local(&head.replacen('T', " ", 1))?;
    DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()).or(Err(Refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_form_is_read_in_shanghai_time() {
        let instant = parse("2025-01-24 10:00:00").unwrap();

        assert_eq!(instant.to_rfc3339(), "2025-01-24T02:00:00+00:00");
        assert_eq!(format(instant), "2025-01-24 10:00:00");
    }

    #[test]
    fn an_offset_is_accepted() {
        assert_eq!(parse("2025-01-24T02:00:00Z"), parse("2025-01-24 10:00:00"));
        assert_eq!(parse("2025-01-24T10:00:00.000+08:00"), parse("2025-01-24 10:00:00"));
    }

    #[test]
    fn impossible_and_special_values_are_refused() {
        for text in [
            "2025-02-30 10:00:00",
            "2025-13-01 10:00:00",
            "2025-01-24 25:00:00",
            "2025-01-24 24:00:00",
            "2025-01-24 10:60:00",
            "2025-01-24 10:00:60",
            "0000-00-00 00:00:00",
            "infinity",
            "-infinity",
            "now",
            "tomorrow",
            "epoch",
            "today",
            "",
            "2025-01-24",
            "2025-01-24T10:00:00",
            "2025-01-24T23:59:60Z",
            "２０２５-01-24 10:00:00",
            "2025-01-24 10:00:0+",
            "1969-12-31 10:00:00",
        ] {
            assert_eq!(parse(text), Err(Refusal), "{text}");
        }
    }
}
