//! Resolution and views, plainly.

use std::collections::BTreeMap;

use crate::world::{
    IMAGE_LISTS, Model, No, V, Values, World, call_fields, general, invalid, no, provider_of,
    service_of, shape, text_of,
};

/// A level with its values.
type Level<'a> = (&'static str, Option<&'a Values>);

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) provider: String,
    pub(crate) values: Values,
    pub(crate) sources: BTreeMap<String, String>,
    /// Field, kind, from, to, level.
    pub(crate) notes: Vec<[String; 5]>,
    pub(crate) using_global: bool,
    pub(crate) account_known: bool,
    pub(crate) dormant: bool,
}

impl Answer {
    fn set(&mut self, field: &str, value: V, source: &str) {
        self.values.insert(field.to_owned(), value);
        self.sources.insert(field.to_owned(), source.to_owned());
    }

    fn note(&mut self, field: &str, kind: &str, from: &str, to: &str, level: &str) {
        let words = [field, kind, from, to, level];
        self.notes.push(words.map(ToOwned::to_owned));
    }
}

impl World {
    /// The first level that gives a service: its provider and the level.
    fn service(
        &self,
        modality: &str,
        levels: &[(&'static str, Option<&Values>, bool)],
    ) -> Option<(String, &'static str)> {
        for (source, values, by_model) in levels {
            let Some(values) = values else { continue };
            if let Some(service) = text_of(values, "service") {
                return Some((provider_of(modality, service), source));
            }
            let named = text_of(values, "model").filter(|_| *by_model);
            if let Some(model) = named.and_then(|id| self.models.get(id))
                && model.modality == modality
                && self.usable(&model.id).is_some()
            {
                return Some((model.provider.clone(), source));
            }
        }
        None
    }

    /// Walks the levels of one provider.
    fn walk(
        &self,
        modality: &str,
        provider: &str,
        fields: &[&str],
        levels: &[Level<'_>],
    ) -> Option<Answer> {
        let mut answer = Answer {
            provider: provider.to_owned(),
            ..Answer::default()
        };
        let mut chosen: Option<(&Model, &str)> = None;
        for (source, values) in levels {
            let Some(id) = values.and_then(|values| text_of(values, "model")) else {
                continue;
            };
            let skipped = match self.models.get(id) {
                None => "MODEL_UNKNOWN_SKIPPED",
                Some(model) if model.provider != provider || model.modality != modality => {
                    "OTHER_PROVIDER_SKIPPED"
                }
                Some(model) => match self.usable(&model.id) {
                    None => "MODEL_INACTIVE_SKIPPED",
                    Some(used) => {
                        if used.id != id {
                            answer.note("model", "MODEL_RETIRED_REPLACED", id, &used.id, source);
                        }
                        chosen = Some((used, source));
                        break;
                    }
                },
            };
            answer.note("model", skipped, id, "", source);
        }
        let default = || {
            let mut all = self.models.values();
            let found =
                all.find(|m| m.is_default && m.provider == provider && m.modality == modality)?;
            self.usable(&found.id).map(|used| (used, "CATALOG"))
        };
        let (model, source) = chosen.or_else(default)?;
        answer.set("model", V::S(model.id.clone()), source);
        for field in fields
            .iter()
            .filter(|field| !["service", "model"].contains(field))
        {
            self.parameter(&mut answer, model, field, levels);
        }
        Some(answer)
    }

    #[expect(clippy::unused_self, reason = "it belongs to the walk")]
    fn parameter(&self, answer: &mut Answer, model: &Model, field: &str, levels: &[Level<'_>]) {
        let listed = IMAGE_LISTS.contains(&field);
        let takes = match field {
            "temperature" => model.warm.is_some(),
            "steps" => model.steps,
            "guidance" => model.guidance,
            _ => !listed || !model.list(field).is_empty(),
        };
        for (source, values) in levels {
            let Some(value) = values.and_then(|values| values.get(field)) else {
                continue;
            };
            let from = value.text();
            if !takes {
                answer.note(field, "UNSUPPORTED_BY_MODEL", &from, "", source);
                continue;
            }
            if listed {
                let Some(to) = model.listed(field, &from) else {
                    answer.note(field, "UNSUPPORTED_BY_MODEL", &from, "", source);
                    continue;
                };
                if to != from {
                    answer.note(field, "ALIASED_FOR_MODEL", &from, &to, source);
                }
                answer.set(field, V::S(to), source);
                return;
            }
            let limit = match field {
                "temperature" => model.warm,
                "max_tokens" => model.max_tokens,
                _ => None,
            };
            match limit.filter(|limit| value.number() > *limit) {
                Some(limit) => {
                    let to = V::N(limit);
                    answer.note(field, "CLAMPED_TO_MODEL_LIMIT", &from, &to.text(), source);
                    answer.set(field, to, source);
                }
                None => answer.set(field, value.clone(), source),
            }
            return;
        }
        if field == "max_tokens" {
            if let Some(limit) = model.max_tokens {
                answer.set(field, V::N(limit), "CATALOG");
            }
        } else if let Some(first) = model.list(field).first() {
            answer.set(field, V::S(first.clone()), "CATALOG");
        }
    }

    fn resolve_with(&self, id: i64, name: &str, given: &Values) -> Result<Answer, No> {
        let function = &self.functions[name];
        let modality = function.modality.as_str();
        let general = general(modality);
        let by_model = modality != "text";
        let service = self.service(
            modality,
            &[
                ("REQUEST", Some(given), true),
                ("ACCOUNT", self.row(id, &general), by_model),
                ("FUNCTION", Some(&function.defaults), true),
                ("GLOBAL", self.section(&general), modality == "embedding"),
            ],
        );
        let Some((provider, source)) = service else {
            return no("NO_MODEL_CONFIGURED");
        };
        let own = if modality == "text" {
            provider.clone()
        } else {
            general.clone()
        };
        let mut levels: Vec<Level<'_>> = vec![
            ("REQUEST", Some(given)),
            ("ACCOUNT", self.row(id, &own)),
            ("FUNCTION", Some(&function.defaults)),
        ];
        if modality != "embedding" {
            levels.push(("GLOBAL", self.section(&provider)));
        }
        if modality != "text" {
            levels.push(("GLOBAL", self.section(&general)));
        }
        let Some(mut answer) = self.walk(modality, &provider, call_fields(modality), &levels)
        else {
            return no("NO_MODEL_CONFIGURED");
        };
        let account = self.accounts.get(&id);
        answer.set("service", V::S(service_of(modality, &provider)), source);
        let used = |source: &String| ["ACCOUNT", "REQUEST"].contains(&source.as_str());
        answer.using_global = !answer.sources.values().any(used);
        answer.account_known = account.is_some();
        answer.dormant = account.is_some_and(|account| {
            let read = |kind: &String| *kind == general || *kind == own;
            !Self::may_override(&account.plan)
                && account
                    .rows
                    .iter()
                    .any(|(kind, row)| row.enabled && read(kind))
        });
        Ok(answer)
    }

    /// The main call.
    pub(crate) fn resolve(&self, id: i64, name: &str, given: &Values) -> Result<Answer, No> {
        let Some(function) = self.functions.get(name) else {
            return no("FUNCTION_NOT_FOUND");
        };
        let account = self.accounts.get(&id);
        if account.is_some_and(|account| account.deleted || !account.active) {
            return no("ACCOUNT_INACTIVE");
        }
        let off = |off: &std::collections::BTreeSet<String>| off.contains(&function.module);
        if off(&self.modules_off) || account.is_some_and(|account| off(&account.modules_off)) {
            return no("MODULE_DISABLED");
        }
        let free = !Self::may_override(account.map_or("FREE", |account| &account.plan));
        let modality = function.modality.as_str();
        if free && !given.is_empty() {
            let only_tokens = modality == "text" && given.keys().all(|field| field == "max_tokens");
            let without = self.resolve_with(id, name, &Values::new());
            let most = without
                .ok()
                .and_then(|answer| answer.values.get("max_tokens").cloned());
            let lowers = most.is_none_or(|most| {
                given
                    .get("max_tokens")
                    .is_some_and(|asked| asked.number() <= most.number())
            });
            if !only_tokens || !lowers {
                return no("PLAN_FORBIDS_OVERRIDES");
            }
        }
        let mut wrong = Vec::new();
        for field in given.keys() {
            if !call_fields(modality).contains(&field.as_str()) {
                wrong.push(field.clone());
            }
        }
        let provider = text_of(given, "service").map(|service| provider_of(modality, service));
        if let Some(provider) = &provider {
            let makes = self.providers.get(provider);
            if !makes.is_some_and(|makes| makes.iter().any(|one| one == modality)) {
                wrong.push("service".to_owned());
            }
        }
        let mut retired = false;
        if let Some(id) = text_of(given, "model") {
            let fits = self.models.get(id).filter(|model| {
                model.modality == modality
                    && provider
                        .as_ref()
                        .is_none_or(|provider| *provider == model.provider)
            });
            match fits {
                Some(model) => retired = !model.active,
                None => wrong.push("model".to_owned()),
            }
        }
        let naming = |field: &String| ["service", "model"].contains(&field.as_str());
        if !wrong.iter().any(naming) {
            let answer = self.resolve_with(id, name, given);
            match (&answer, wrong.is_empty()) {
                (Err(no), true) => return Err(no.clone()),
                (Ok(answer), _) => wrong.extend(self.wrong_values(answer, given)),
                (Err(_), false) => {}
            }
        }
        if !wrong.is_empty() {
            return invalid(wrong.into_iter().map(|field| format!("overrides.{field}")));
        }
        if retired {
            return no("MODEL_RETIRED");
        }
        self.resolve_with(id, name, given)
    }

    /// Given values that the model of an answer does not take as they are.
    fn wrong_values(&self, answer: &Answer, given: &Values) -> Vec<String> {
        let model = &self.models[text_of(&answer.values, "model").unwrap()];
        let fits = |field: &str, value: &V| match field {
            "temperature" => {
                let max = model.warm.unwrap_or(-1.0);
                (0.0..=max).contains(&value.number())
            }
            "max_tokens" => (1.0..=model.max_tokens.unwrap_or(f64::MAX)).contains(&value.number()),
            "max_in_article_images" => (0.0..=20.0).contains(&value.number()),
            "steps" => model.steps && (1.0..=100.0).contains(&value.number()),
            "guidance" => model.guidance && (0.0..=50.0).contains(&value.number()),
            "service" | "model" => true,
            listed => model.list(listed).contains(&value.text()),
        };
        let known = call_fields(&model.modality);
        let asked = given
            .iter()
            .filter(|(field, _)| known.contains(&field.as_str()));
        let wrong = asked.filter(|(field, value)| !fits(field, value));
        wrong.map(|(field, _)| field.clone()).collect()
    }

    /// What holds of a type's fields, with a row or without.
    pub(crate) fn effective(
        &self,
        kind: &str,
        row: Option<&Values>,
    ) -> (Values, BTreeMap<String, String>) {
        let (modality, fields) = shape(kind).unwrap();
        let general = general(modality);
        let (provider, source) = if kind == general {
            let levels = [
                ("ACCOUNT", row, modality != "text"),
                ("GLOBAL", self.section(&general), modality == "embedding"),
            ];
            match self.service(modality, &levels) {
                Some(found) => found,
                None => return (Values::new(), BTreeMap::new()),
            }
        } else {
            (kind.to_owned(), "CATALOG")
        };
        let mut answer = Answer::default();
        if kind != "text_generation" {
            let mut levels: Vec<Level<'_>> = vec![("ACCOUNT", row)];
            if modality != "embedding" {
                levels.push(("GLOBAL", self.section(&provider)));
            }
            if modality != "text" {
                levels.push(("GLOBAL", self.section(&general)));
            }
            answer = self
                .walk(modality, &provider, fields, &levels)
                .unwrap_or_default();
        }
        if fields.contains(&"service") && (kind == "text_generation" || !answer.values.is_empty()) {
            answer.set("service", V::S(service_of(modality, &provider)), source);
        }
        (answer.values, answer.sources)
    }
}
