//! Reads a `dumpdata` file into its rows, whatever their order; other applications' rows are only
//! counted.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

macro_rules! kinds {
    ($($kind:ident $label:literal;)*) => {
        /// A model of the old application whose rows concern this service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Kind { $($kind,)* }

        impl Kind {
            /// The label of the model in the dump.
            pub(super) const fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)* }
            }

            fn parse(label: &str) -> Option<Self> {
                match label { $($label => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    Plan "igny8_core_auth.plan";
    Account "igny8_core_auth.account";
    GlobalSettings "system.globalintegrationsettings";
    Settings "system.integrationsettings";
    AccountOverride "system.accountintegrationoverride";
    Model "billing.aimodelconfig";
    CreditCost "billing.creditcostconfig";
    GlobalPrompt "system.globalaiprompt";
    Prompt "system.aiprompt";
    GlobalProfile "system.globalauthorprofile";
    Profile "system.authorprofile";
    GlobalStrategy "system.globalstrategy";
    Strategy "system.strategy";
    GlobalModules "system.globalmodulesettings";
    Modules "system.moduleenablesettings";
}

/// A primary key. Numbers come in their own order, before texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pk {
    Number(i64),
    Text(String),
}

impl Pk {
    /// Longest text that is taken for a key.
    const LONGEST: usize = 64;

    /// The key that a value stands for; a number in quotes is that number.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Number),
            Value::String(text)
                if text.is_empty()
                    || text.len() > Self::LONGEST
                    || text.contains(char::is_control) =>
            {
                None
            }
            Value::String(text) => Some(
                text.parse()
                    .map_or_else(|_| Self::Text(text.clone()), Self::Number),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Pk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One row. It may hold keys in clear text, so it has no `Debug`.
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) pk: Pk,
    pub(super) fields: Map<String, Value>,
}

/// The rows of a dump.
#[derive(Default)]
pub struct Dump {
    pub(super) rows: Vec<Row>,
    /// Rows of models that are none of this service's, by label.
    pub(super) foreign: BTreeMap<String, u64>,
    /// Elements that are no rows: their place, counted from 1, and what is wrong.
    pub(super) broken: Vec<(u64, &'static str)>,
}

/// Why a dump cannot be read. It never repeats what stands in the file.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file is no JSON list of rows.
    #[error("the dump cannot be read: line {line}, column {column}: {what}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1; 0 stands for the end of the line before.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// The file cannot be read from.
    #[error("the dump cannot be read")]
    Io(#[source] io::Error),
}

impl Dump {
    /// Reads a whole dump in one pass.
    ///
    /// # Errors
    /// [`DumpError`] with the position; rows that are merely odd are reported by the import.
    pub fn read(reader: impl Read) -> Result<Self, DumpError> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        // Files that were saved on Windows begin with a mark that JSON does not know.
        if reader
            .fill_buf()
            .map_err(DumpError::Io)?
            .starts_with(b"\xef\xbb\xbf")
        {
            reader.consume(3);
        }
        let mut parser = serde_json::Deserializer::from_reader(reader);
        let dump = parser.deserialize_seq(Rows).map_err(malformed)?;
        parser.end().map_err(malformed)?;
        Ok(dump)
    }

    fn take(&mut self, place: u64, value: Value) {
        let Value::Object(mut members) = value else {
            return self.broken.push((place, "not a row"));
        };
        let label = members.remove("model");
        let Some(label) = label.as_ref().and_then(Value::as_str) else {
            return self.broken.push((place, "a row without `model`"));
        };
        let label = label.trim().to_ascii_lowercase();
        let Some(kind) = Kind::parse(&label) else {
            *self.foreign.entry(label).or_default() += 1;
            return;
        };
        let pk = members.get("pk").and_then(Pk::of);
        match (pk, members.remove("fields")) {
            (Some(pk), Some(Value::Object(fields))) => self.rows.push(Row { kind, pk, fields }),
            (None, _) => self.broken.push((place, "a row without a usable `pk`")),
            _ => self.broken.push((place, "a row without `fields`")),
        }
    }
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Dump;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Dump, A::Error> {
        let mut dump = Dump::default();
        let mut place = 0;
        while let Some(value) = rows.next_element::<Value>()? {
            place += 1;
            dump.take(place, value);
        }
        Ok(dump)
    }
}

fn malformed(error: serde_json::Error) -> DumpError {
    let what = match error.classify() {
        Category::Io => return DumpError::Io(error.into()),
        // What this says of the type that it found can repeat a value.
        Category::Data => "not a list of rows, which `dumpdata` writes".to_owned(),
        Category::Eof => "the file ends in the middle of it".to_owned(),
        Category::Syntax => {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            format!("not JSON ({text})")
        }
    };
    DumpError::Malformed {
        line: error.line(),
        column: error.column(),
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Dump, String> {
        Dump::read(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_of_any_order_and_shape() {
        let dump = read(
            "\u{feff}[{\"fields\": {}, \"pk\": \"7\", \"model\": \"System.AIPrompt\"},
              {\"model\": \"auth.user\", \"pk\": 1}, {\"model\": \"auth.user\"}, 5, {\"pk\": 1},
              {\"model\": \"system.aiprompt\", \"pk\": null, \"fields\": {}},
              {\"model\": \"system.aiprompt\", \"pk\": 1, \"fields\": []}]",
        )
        .unwrap();
        assert_eq!(dump.rows.len(), 1);
        assert!(dump.rows[0].kind == Kind::Prompt && dump.rows[0].pk == Pk::Number(7));
        assert_eq!(dump.foreign, BTreeMap::from([("auth.user".to_owned(), 2)]));
        let places: Vec<u64> = dump.broken.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [4, 5, 6, 7]);
        assert!(read("[]").unwrap().rows.is_empty());
    }

    #[test]
    fn errors_have_a_position_and_no_value() {
        for (text, told) in [
            ("", "line 1, column 0: the file ends"),
            (
                "[{\"model\": 1},\n {\"a\" 2}]",
                "line 2, column 7: not JSON (expected `:`)",
            ),
            ("[{\"a\": \"sk-test-canary\"", "the file ends in the middle"),
            (
                "\"sk-test-canary\"",
                "line 1, column 16: not a list of rows",
            ),
            ("{\"rows\": []}", "line 1, column 1: not a list of rows"),
            ("[] []", "line 1, column 4: not JSON (trailing characters)"),
            ("Loading\n[]", "line 1, column 1: not JSON (expected value)"),
        ] {
            let error = read(text).err().unwrap();
            assert!(error.contains(told), "{text:?} gave {error}");
            assert!(!error.contains("canary"));
        }
    }
}
