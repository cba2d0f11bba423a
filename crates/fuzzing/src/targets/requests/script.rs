//! The lines of an input: who calls what with what.

use serde::Deserialize;
use serde_json::Value;

/// A call. All but the RPC can be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    /// Service and method, such as `AccountService/GetAccount`.
    pub(super) rpc: String,
    /// Whose token it carries; without one that of an admin, with an unknown one none.
    #[serde(rename = "as")]
    pub(super) caller: Option<String>,
    /// The request as JSON; a list of them where the RPC takes a stream.
    pub(super) body: Value,
    /// The bytes of the request in hexadecimal digits, instead of `body`.
    pub(super) bytes: Option<String>,
    /// The bytes of the whole HTTP body in hexadecimal digits, instead of both.
    pub(super) frames: Option<String>,
    /// The end user.
    pub(super) actor: Option<String>,
    /// The id of the call.
    pub(super) call_id: Option<String>,
}

impl Step {
    /// Reads a line; `None` where it is none.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let mut step: Self = serde_json::from_slice(line).ok()?;
        // What no path can hold.
        step.rpc
            .retain(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
        (!step.rpc.is_empty()).then_some(step)
    }
}

/// The bytes of hexadecimal digits; what is none is passed over.
pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_digits() {
        assert!(Step::parse(b"").is_none() && Step::parse(b"{\"rpc\": 1}").is_none());
        let step = Step::parse(br#"{"rpc": "A/B", "as": "auditor", "body": {}}"#).unwrap();
        assert_eq!(
            (step.rpc.as_str(), step.caller.as_deref()),
            ("A/B", Some("auditor"))
        );
        assert_eq!(unhex("00 ff-0a1"), [0, 255, 10, 1]);
    }
}
