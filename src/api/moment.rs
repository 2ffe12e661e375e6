//! Moments and durations: the two forms of time in a manifest.
//!
//! Both are whole seconds. Calendar arithmetic is jiff's; what lives here is which spellings count and how far they reach.

use std::fmt;

use jiff::{SignedDuration, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time in whole seconds since 1970-01-01T00:00:00Z, from the year 1 to the end of 9999 (what CEL can hold).
///
/// Read from exactly `YYYY-MM-DDTHH:MM:SS` followed by `Z` or `±HH:MM`; printed in UTC with `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);
    /// The pattern of the form, understood by RE2 and ECMA 262 alike. It does not know how long a month is.
    pub const PATTERN: &'static str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

    /// The moment that many seconds after (or before) 1970-01-01T00:00:00Z, `None` outside the range.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&seconds).then_some(Self(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// The present moment of this machine's clock, rounded down to the second.
    #[must_use]
    pub fn from_clock() -> Self {
        Self(jiff::Timestamp::now().as_second().clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Reads the form, `None` when `text` is not of it (a fraction, a lower-case `z`, 30 February, an offset of 24 hours).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, zone) = text.split_at_checked(19)?;
        let local = parse_local(local.as_bytes())?;
        let offset = parse_offset(zone.as_bytes())?;
        let since_epoch = local.duration_since(EPOCH).as_secs();
        Self::from_seconds(since_epoch.checked_sub(offset)?)
    }
}

const EPOCH: civil::DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

fn parse_local(text: &[u8]) -> Option<civil::DateTime> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        o1,
        o2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
    ] = text
    else {
        return None;
    };
    let year = i16::from(two_digits(*y1, *y2)?) * 100 + i16::from(two_digits(*y3, *y4)?);
    let date = civil::Date::new(year, two_digits(*o1, *o2)?, two_digits(*d1, *d2)?).ok()?;
    let time = civil::Time::new(two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, two_digits(*s1, *s2)?, 0).ok()?;
    Some(date.to_datetime(time))
}

/// The offset from UTC in seconds.
fn parse_offset(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match text {
        b"Z" => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?),
        [b'-', h1, h2, b':', m1, m2] => (-1, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| i8::try_from(byte.checked_sub(b'0').filter(|value| *value < 10)?).ok();
    Some(digit(tens)? * 10 + digit(ones)?)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EPOCH.checked_add(SignedDuration::from_secs(self.0)) {
            Ok(utc) => write!(f, "{utc}Z"),
            Err(_) => write!(f, "{}s", self.0),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a moment like `2026-12-01T00:00:00Z`"))
    }
}

/// Reads a duration like `24h`, `1h30m` or `90s` into whole seconds: at least one part, in this order, up to 4, 5 and 7
/// digits. `None` when `text` is not of the form; how long it may be is the caller's rule.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0;
    for (unit, seconds, digits) in [('h', 3_600, 4), ('m', 60, 5), ('s', 1, 7)] {
        if let Some((number, tail)) = rest.split_once(unit) {
            let sound = (1..=digits).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
            total += sound.then(|| number.parse::<i64>().ok())?? * seconds;
            rest = tail;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_any_offset_and_printed_in_utc() {
        for (text, printed) in [
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-01T01:30:00+01:30", "2026-12-01T00:00:00Z"),
            ("2026-11-30T00:01:00-23:59", "2026-12-01T00:00:00Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(
                Moment::parse(text).map(|moment| moment.to_string()).as_deref(),
                Some(printed),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_moment() {
        for text in [
            "",
            "2026-12-01",
            "2026-12-01T00:00:00",
            "2026-12-01T00:00:00.5Z",
            "2026-12-01t00:00:00Z",
            "2026-12-01T00:00:00z",
            "2026-12-01 00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T00:00:60Z",
            "2026-12-01T00:00:00+24:00",
            "2026-12-01T00:00:00+01:60",
            "2026-12-01T00:00:00+0100",
            "+026-12-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "0000-12-31T23:59:59Z",
            "9999-12-31T23:59:59-00:01",
            "２026-12-01T00:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_has_parts_in_order() {
        for (text, seconds) in [
            ("24h", Some(86_400)),
            ("1h30m", Some(5_400)),
            ("90s", Some(90)),
            ("9999h99999m9999999s", Some(51_996_339)),
            ("0s", Some(0)),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text}");
        }
        for text in [
            "",
            "h",
            "1",
            "1d",
            "30m1h",
            "1h1h",
            "-1h",
            "1.5h",
            "12345h",
            "123456m",
            "12345678s",
            "1h ",
            "١h",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
