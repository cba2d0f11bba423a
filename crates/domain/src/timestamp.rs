//! Points in time, cut to the microsecond that both databases keep.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z; negative before it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The given number of microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time that a change made now gets, given the time of the last one: log time never goes
    /// back, it is the later of the clock and the last record plus 1 µs.
    #[must_use]
    pub fn next_log_time(now: Self, last: Self) -> Self {
        Self(now.0.max(last.0.saturating_add(1)))
    }

    /// This time moved by whole seconds, saturating at the ends.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// RFC 3339 in UTC, or the bare number for a time that no calendar can show.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map_or_else(|_| self.0.to_string(), |t| t.to_string())
    }

    /// Reads RFC 3339; digits past the microsecond are cut off.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self(t.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_time_never_goes_back() {
        let last = Timestamp::from_micros(100);
        assert_eq!(
            Timestamp::next_log_time(Timestamp::from_micros(50), last).as_micros(),
            101
        );
        assert_eq!(
            Timestamp::next_log_time(Timestamp::from_micros(100), last).as_micros(),
            101
        );
        assert_eq!(
            Timestamp::next_log_time(Timestamp::from_micros(200), last).as_micros(),
            200
        );
    }

    #[test]
    fn rfc3339_round_trip() {
        let t = Timestamp::parse_rfc3339("2026-11-20T21:34:14.200Z").unwrap();
        assert_eq!(Timestamp::parse_rfc3339(&t.to_rfc3339()), Some(t));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
