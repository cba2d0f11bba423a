//! Models of the catalogue: figures and activity of known ones, and the defaults.

use aiconfig_domain::{
    Command, Modality, Model, ModelField, ModelId, ModelStatus, ProviderName, ResourceKey,
    SetDefaultModel, UpdateModel, provider_of_service,
};
use serde_json::Value;

use super::cells::{Fields, billionths, decimal, is_blank, shown, switch, text, whole};
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;
use super::{new_models, prices};

/// The fields that a known model takes from the dump.
const TAKEN: [ModelField; 4] = [
    ModelField::Active,
    ModelField::TokensPerCredit,
    ModelField::NanoCreditsPerImage,
    ModelField::Prices,
];

/// Takes the models; the defaults last, when all models are there.
pub(super) fn take(planner: &mut Planner<'_>, rows: Vec<(RowId, Fields)>) {
    let id = |fields: &Fields| text(fields, "model_name").map(str::to_owned);
    let rows = planner.newest(rows, id, "this model_name");
    for (row, fields) in &rows {
        one(planner, *row, fields);
    }
    for (row, fields) in &rows {
        if fields.get("is_default").and_then(switch) == Some(true) {
            make_default(planner, *row, fields);
        }
    }
}

fn one(planner: &mut Planner<'_>, row: RowId, fields: &Fields) {
    let Some(id) = text(fields, "model_name").and_then(ModelId::parse) else {
        let why = format!("a model's id is {}", ModelId::RULE);
        return planner.leave_out(row, "model_name", why);
    };
    if !planner.is_fresh(row) {
        return;
    }
    match planner.after.model(id.as_str()).map(|m| m.value.clone()) {
        Some(present) => update(planner, row, fields, &present),
        None => new_models::create(planner, row, fields, id),
    }
}

/// The provider and modality that a row names. `OpenAI`'s image models are under `dalle`.
pub(super) fn place(fields: &Fields) -> Option<(ProviderName, Modality)> {
    let modality = text(fields, "model_type").and_then(Modality::parse)?;
    let provider = text(fields, "provider")?.to_ascii_lowercase();
    Some((provider_of_service(modality, &provider)?, modality))
}

fn part(model: &Model, at: &str) -> Cell {
    Cell::part(ResourceKey::Model(model.model_id.clone()), at)
}

fn update(planner: &mut Planner<'_>, row: RowId, fields: &Fields, present: &Model) {
    let mut wanted = present.clone();
    let (tokens, images) = credits(planner, row, fields);
    if let Some(tokens) = tokens {
        let same = present.tokens_per_credit == Some(tokens);
        let cell = part(present, "/tokens_per_credit");
        if planner.may_write(row, cell, "tokens_per_credit", same) {
            wanted.tokens_per_credit = Some(tokens);
        }
    }
    if let Some(images) = images {
        let same = present.nano_credits_per_image == Some(images);
        let cell = part(present, "/nano_credits_per_image");
        if planner.may_write(row, cell, "credits_per_image", same) {
            wanted.nano_credits_per_image = Some(images);
        }
    }
    let mut priced = present.prices.clone();
    prices::take(planner, row, fields, present.modality, &mut priced);
    let same = priced == present.prices;
    if planner.may_write(row, part(present, "/prices"), "prices", same) {
        wanted.prices = priced;
    }
    if let Some(active) = fields.get("is_active").and_then(switch) {
        activity(planner, row, present, active, &mut wanted);
    }
    tell_kept(planner, row, fields, present);
    if wanted == *present {
        return;
    }
    let command = Command::UpdateModel(UpdateModel {
        value: wanted,
        fields: TAKEN.to_vec(),
        expected_etag: None,
    });
    match planner.decide(&command) {
        Ok(_) => planner.draft.totals.models += 1,
        Err(rejection) => planner.leave_out(row, "", rejection.message),
    }
}

fn activity(
    planner: &mut Planner<'_>,
    row: RowId,
    present: &Model,
    active: bool,
    wanted: &mut Model,
) {
    let shipped = planner.given.shipped;
    let ships_retired = shipped
        .model(present.model_id.as_str())
        .is_some_and(|model| shipped.model_status(&model.value) == ModelStatus::Retired);
    if active && !present.active && ships_retired {
        let used = planner.after.usable(present).map(|m| m.model_id.clone());
        let used = used.map_or_else(String::new, |used| format!("; calls use {used}"));
        let why = format!("its vendor no longer offers it{used}");
        let done = "it stays retired";
        return planner.tell(row, Consequence::PlatformValue, "is_active", done, why);
    }
    let same = present.active == active;
    if planner.may_write(row, part(present, "/active"), "is_active", same) {
        wanted.active = active;
        if !active && present.is_default {
            let done = "the default model of its provider became inactive";
            let why = "the dump has it switched off";
            planner.tell(row, Consequence::PlatformValue, "is_active", done, why);
        }
    }
}

/// Tells which other fields of a known model stay as they are here.
fn tell_kept(planner: &mut Planner<'_>, row: RowId, fields: &Fields, present: &Model) {
    let number = |name: &str, here: Option<i32>| {
        let there = fields.get(name).and_then(decimal).and_then(whole);
        there.is_some_and(|there| Some(there) != here.map(i64::from))
    };
    let sizes = match fields.get("valid_sizes") {
        Some(Value::Array(sizes)) if !sizes.is_empty() => {
            let there = sizes.iter().filter_map(Value::as_str);
            !there.eq(present.valid_sizes.iter().map(|size| &**size))
        }
        _ => false,
    };
    let moved = place(fields) != Some((present.provider.clone(), present.modality));
    let named = text(fields, "display_name").is_some_and(|name| name != present.display_name);
    let differing: Vec<&str> = [
        ("provider", moved),
        ("display_name", named),
        (
            "max_tokens",
            number("max_tokens", present.max_output_tokens),
        ),
        (
            "context_window",
            number("context_window", present.context_window),
        ),
        ("valid_sizes", sizes),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect();
    if !differing.is_empty() {
        let why = "the catalogue has this model; the dump gives it credits, prices and activity";
        let field = differing.join(", ");
        let done = "kept as it is here";
        planner.tell(row, Consequence::KeptHere, &field, done, why);
    }
}

/// Tokens per credit and nano-credits per image, where the row has usable ones.
pub(super) fn credits(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
) -> (Option<i64>, Option<i64>) {
    let mut read = |name: &str, least: i64, convert: fn(rust_decimal::Decimal) -> Option<i64>| {
        if is_blank(fields.get(name)) {
            return None;
        }
        let number = fields.get(name).and_then(decimal).and_then(convert);
        let fits = number.filter(|number| *number >= least);
        if fits.is_none() {
            let why = "not a number that can stand there";
            planner.tell(row, Consequence::PlatformValue, name, "dropped", why);
        }
        fits
    };
    (
        read("tokens_per_credit", 1, whole),
        read("credits_per_image", 0, billionths),
    )
}

/// Moves the default of a provider and modality to the row's model.
fn make_default(planner: &mut Planner<'_>, row: RowId, fields: &Fields) {
    let name = text(fields, "model_name").unwrap_or_default();
    let Some(model) = planner.after.model(name).map(|stored| stored.value.clone()) else {
        return;
    };
    let cell = part(&model, "/is_default");
    if model.is_default {
        planner.may_write(row, cell, "is_default", true);
        return;
    }
    let former = planner
        .after
        .default_model(&model.provider, model.modality)
        .map(|former| part(former, "/is_default"));
    // Somebody who moved the default here has marked another model, not this one.
    if let Some(former) = former.filter(|former| planner.is_held(former)) {
        planner.may_write(row, former, "is_default", false);
        return;
    }
    let usable = planner.after.model_status(&model) == ModelStatus::Usable;
    if usable && !planner.may_write(row, cell, "is_default", false) {
        return;
    }
    let command = Command::SetDefaultModel(SetDefaultModel {
        provider: None,
        model_id: model.model_id.clone(),
        expected_etag: None,
    });
    if let Err(rejection) = planner.decide(&command) {
        let done = format!("{} did not become the default", shown(name));
        let why = rejection.message;
        planner.tell(row, Consequence::PlatformValue, "is_default", done, why);
    }
}
