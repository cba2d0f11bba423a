//! Public price files: read exactly, planned on the catalogue, imported once.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aiconfig_application::{
    AppError, Application, PriceFile, PriceOptions, PriceReport, PriceSource, Written,
};
use aiconfig_domain::Reason;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::mark::{MARK, marked};
use crate::world;

/// The kinds of files, and none given.
const SOURCES: [Option<PriceSource>; 3] = [
    None,
    Some(PriceSource::Litellm),
    Some(PriceSource::GenaiPrices),
];
/// Models that make a file plausible.
const OTHERS: usize = 60;

/// Looks at a price file as it is, and as the odd part of a plausible one.
pub(crate) fn check(data: &[u8]) {
    for source in SOURCES {
        if let Ok(file) = PriceFile::read(data, source) {
            let (taken, refused) = file.price_counts();
            assert!(file.model_count() <= taken, "a model without a price");
            assert!(taken + refused <= data.len());
        }
    }
    let Ok(part) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let marked = marked(&part).to_string();
    for source in SOURCES {
        if let Err(error) = PriceFile::read(marked.as_bytes(), source) {
            assert!(!error.to_string().contains(MARK), "{error}");
        }
    }
    let Some(whole) = plausible(part) else {
        return;
    };
    let content = whole.to_string();
    let Ok(file) = PriceFile::read(content.as_bytes(), None) else {
        return;
    };
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.takes(&file, &content);
}

/// The part among models that the catalogue does not know, and those that it knows from there.
fn plausible(part: Value) -> Option<Value> {
    match part {
        Value::Object(mut members) => {
            for at in 0..OTHERS {
                let name = format!("other/m{at}");
                members
                    .entry(name)
                    .or_insert_with(|| litellm("other", "1e-06"));
            }
            for (id, vendor, input) in KNOWN {
                let entry = || litellm(vendor, input);
                members.entry(*id).or_insert_with(entry);
            }
            Some(Value::Object(members))
        }
        Value::Array(mut providers) => {
            let model = |at| json!({"id": format!("m{at}"), "prices": {"input_mtok": 1}});
            let models: Vec<Value> = (0..OTHERS).map(model).collect();
            providers.push(json!({"id": "other", "models": models}));
            Some(Value::Array(providers))
        }
        _ => None,
    }
}

fn litellm(vendor: &str, input: &str) -> Value {
    let input: Value = serde_json::from_str(input).unwrap();
    json!({"litellm_provider": vendor, "mode": "chat", "input_cost_per_token": input})
}

/// Over half of the shipped models that are priced from `LiteLLM`'s file, at other prices.
const KNOWN: &[(&str, &str, &str)] = &[
    ("gpt-4o-mini", "openai", "1.5e-07"),
    ("gpt-4o", "openai", "2.5e-06"),
    ("gpt-4.1", "openai", "0.000002"),
    ("gpt-4.1-mini", "openai", "4e-07"),
    ("gpt-4.1-nano", "openai", "1e-07"),
    ("gpt-4", "openai", "3e-05"),
    ("gpt-5.4", "openai", "2.5e-06"),
    ("gpt-5.4-mini", "openai", "7.5e-07"),
    ("gpt-5.6-terra", "openai", "2e-06"),
    ("gpt-5.6-luna", "openai", "2e-07"),
    ("gpt-6-luna", "openai", "1e-07"),
    ("gpt-6.1-sol", "openai", "2e-06"),
    ("gpt-6.1-terra", "openai", "1e-06"),
    ("claude-sonnet-4-6", "anthropic", "3e-06"),
    ("claude-sonnet-5-5", "anthropic", "2e-06"),
    ("claude-opus-4-6", "anthropic", "5e-06"),
    ("claude-opus-5-5", "anthropic", "4e-06"),
    ("claude-haiku-4-5", "anthropic", "1e-06"),
    ("claude-haiku-5-5", "anthropic", "1e-07"),
];

/// An application that is made anew once something was imported into it.
struct World {
    runtime: Runtime,
    app: Option<Arc<Application>>,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| {
    Mutex::new(World {
        runtime: world::runtime(),
        app: None,
    })
});

impl World {
    fn takes(&mut self, file: &PriceFile, content: &str) {
        let app = self.app.take();
        let app = app.unwrap_or_else(|| self.runtime.block_on(world::open()));
        let digest = app.live().snapshot.digest();
        let import = |validate_only| self.runtime.block_on(import(&app, file, validate_only));
        let planned = import(true);
        assert_eq!(
            app.live().snapshot.digest(),
            digest,
            "a dry run changed something"
        );
        let Ok(planned) = planned else {
            self.app = Some(app);
            return;
        };
        is_exact(&planned, content);
        if !planned.changed {
            self.app = Some(app);
            return;
        }
        let made = import(false).unwrap();
        assert!(made.changed && made.revision.is_some());
        let (changes, created) = (&made.changes, &made.created);
        assert_eq!(
            (changes.len(), created),
            (planned.changes.len(), &planned.created)
        );
        let digest = app.live().snapshot.digest();
        let again = import(false).unwrap();
        assert!(!again.changed && again.changes.is_empty(), "{again:?}");
        assert_eq!(app.live().snapshot.digest(), digest);
        let replayed = self.runtime.block_on(app.replay_log()).unwrap();
        assert_eq!(replayed.1, digest, "the log leads elsewhere");
        self.runtime.block_on(world::close(app));
    }
}

async fn import(
    app: &Application,
    file: &PriceFile,
    validate_only: bool,
) -> Result<PriceReport, Reason> {
    let call = world::call("import prices", validate_only);
    let options = PriceOptions {
        version: "1".to_owned(),
        create_missing: true,
    };
    let imported = app.import_prices(&call, file, &options, |report, _| report, |_| Vec::new());
    match imported.await {
        Ok(Written::Fresh(report)) => Ok(report),
        Ok(Written::Replayed(_)) => unreachable!("no request id"),
        Err(AppError::Rejected(rejection)) => Err(rejection.reason),
        Err(error) => unreachable!("{error}"),
    }
}

/// The input prices of the report are those that the file has, digit by digit.
fn is_exact(report: &PriceReport, content: &str) {
    let Ok(entries) = serde_json::from_str::<Map<String, Value>>(content) else {
        return;
    };
    for line in &report.changes {
        let names: Vec<&String> = entries
            .keys()
            .filter(|name| name.rsplit('/').next() == Some(line.model.as_str()))
            .collect();
        let [name] = names.as_slice() else { continue };
        let field = match (line.dimension, line.from_tokens) {
            ("input", 0) => "input_cost_per_token",
            ("cached_input", 0) => "cache_read_input_token_cost",
            ("cache_write", 0) => "cache_creation_input_token_cost",
            _ => continue,
        };
        let raw = entries[*name].get(field).map(Value::to_string);
        let exact = raw.as_deref().and_then(|raw| shifted(raw, 12));
        assert_eq!(
            exact,
            Some(i128::from(line.new_micro_usd)),
            "{line:?} {raw:?}"
        );
    }
}

/// A number as it is written, times a power of ten, by its digits; `None` where it is not whole.
fn shifted(text: &str, power: i32) -> Option<i128> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number: i128 = format!("{whole}{fraction}").parse().ok()?;
    let mut power = power + exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
    while power < 0 && number % 10 == 0 {
        number /= 10;
        power += 1;
        if number == 0 {
            return Some(0);
        }
    }
    let power = u32::try_from(power).ok()?;
    number.checked_mul(10_i128.checked_pow(power)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_shifted_exactly() {
        for (text, expected) in [
            ("1.5e-07", Some(150_000)),
            ("0.000002", Some(2_000_000)),
            ("1e-13", None),
            ("0.0", Some(0)),
            ("-1E-6", Some(-1_000_000)),
            ("10e-13", Some(1)),
        ] {
            assert_eq!(shifted(text, 12), expected, "{text}");
        }
    }
}
