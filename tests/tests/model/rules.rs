//! Writes of accounts and their settings, plainly: each says whether it is taken, and changes the world if it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::{
    Account, IMAGE_LISTS, Model, No, Row, V, Values, World, general, invalid, no, provider_of,
    service_of, shape, text_of,
};

/// A save of an account's settings.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) id: i64,
    pub(crate) kind: String,
    /// `None` is a null.
    pub(crate) config: BTreeMap<String, Option<V>>,
    pub(crate) mask: Option<Vec<String>>,
    pub(crate) enabled: Option<bool>,
}

/// What checked values belong to.
pub(crate) struct Scope<'a> {
    pub(crate) modality: &'a str,
    pub(crate) provider: Option<&'a str>,
    /// The model whose limits hold where none is named.
    pub(crate) otherwise: Option<String>,
}

impl World {
    pub(crate) fn push(
        &mut self,
        id: i64,
        plan: Option<&str>,
        active: bool,
        version: i64,
    ) -> Result<bool, No> {
        let mut wrong = Vec::new();
        if id < 1 {
            wrong.push("account.account_id".to_owned());
        }
        if plan.is_none() {
            wrong.push("account.plan".to_owned());
        }
        if version < 1 {
            wrong.push("account.source_version".to_owned());
        }
        let Some(plan) = plan.filter(|_| wrong.is_empty()) else {
            return invalid(wrong);
        };
        let old = self.accounts.get(&id);
        if old.is_some_and(|old| version <= old.version) {
            return Ok(false);
        }
        let live = old.filter(|old| !old.deleted);
        let account = Account {
            plan: plan.to_owned(),
            active,
            deleted: false,
            version,
            rows: live.map(|old| old.rows.clone()).unwrap_or_default(),
            modules_off: live.map(|old| old.modules_off.clone()).unwrap_or_default(),
            prompts: live.map(|old| old.prompts.clone()).unwrap_or_default(),
            own: live.map(|old| old.own.clone()).unwrap_or_default(),
        };
        self.accounts.insert(id, account);
        Ok(true)
    }

    pub(crate) fn delete(&mut self, id: i64, version: i64) -> Result<bool, No> {
        if version < 1 {
            return invalid(["source_version".to_owned()]);
        }
        self.registered(id)?;
        let account = self.accounts.get_mut(&id).unwrap();
        if version <= account.version {
            return Ok(false);
        }
        account.deleted = true;
        account.version = version;
        account.rows.clear();
        account.modules_off.clear();
        account.prompts.clear();
        account.own.clear();
        Ok(true)
    }

    pub(crate) fn save(&mut self, save: &Save) -> Result<(), No> {
        let Some((modality, fields)) = shape(&save.kind) else {
            return invalid(["integration_type".to_owned()]);
        };
        let is_field = |name: &String| fields.contains(&name.as_str());
        if let Some(mask) = &save.mask
            && mask.iter().any(|path| path != "*" && !is_field(path))
        {
            return Err(No {
                reason: "MASK_INVALID".to_owned(),
                fields: ["update_mask".to_owned()].into(),
            });
        }
        let account = self.registered(save.id)?;
        let mut wrong = BTreeSet::new();
        let mut given = Values::new();
        let mut nulls = Vec::new();
        for (name, value) in &save.config {
            if !is_field(name) {
                wrong.insert(format!("config.{name}"));
            } else if let Some(value) = value {
                if Self::typed(name, value) {
                    given.insert(name.clone(), value.clone());
                } else {
                    wrong.insert(format!("config.{name}"));
                }
            } else {
                nulls.push(name.clone());
            }
        }
        // On a plan that may not override, nothing but clearing gets as far as the other checks.
        let has_values = save.config.values().any(Option::is_some);
        if (has_values || save.enabled == Some(true)) && !Self::may_override(&account.plan) {
            return no("PLAN_FORBIDS_OVERRIDES");
        }
        let all = |mask: &Vec<String>| mask.contains(&"*".to_owned());
        let masked = |name: &String| {
            save.mask
                .as_ref()
                .is_none_or(|mask| all(mask) || mask.contains(name))
        };
        let mut unmasked = 0;
        let mut found = wrong.len();
        for name in given.keys().chain(&nulls).filter(|name| !masked(name)) {
            wrong.insert(format!("config.{name}"));
            unmasked += 1;
        }
        found += unmasked;
        let before = account.rows.get(&save.kind).cloned();
        let mut row = before.clone().unwrap_or(Row {
            enabled: true,
            values: Values::new(),
        });
        let cleared: Vec<String> = match &save.mask {
            None => nulls,
            Some(mask) if all(mask) => fields.iter().map(ToString::to_string).collect(),
            Some(mask) => mask.clone(),
        };
        for name in &cleared {
            row.values.remove(name);
        }
        for (name, value) in &given {
            let value = match (name.as_str(), value) {
                ("service", V::S(service)) => {
                    V::S(service_of(modality, &provider_of(modality, service)))
                }
                _ => value.clone(),
            };
            row.values.insert(name.clone(), value);
        }
        row.enabled = save.enabled.unwrap_or(row.enabled);
        let own = (save.kind != general(modality)).then_some(save.kind.as_str());
        let (effective, _) = self.effective(&save.kind, Some(&without_model(&row.values)));
        let scope = Scope {
            modality,
            provider: own,
            otherwise: text_of(&effective, "model").map(ToOwned::to_owned),
        };
        let names: Vec<&str> = given.keys().map(String::as_str).collect();
        for field in self.check(&scope, &row.values, &names) {
            wrong.insert(format!("config.{field}"));
            found += 1;
        }
        if !wrong.is_empty() {
            let only_mask = unmasked == found;
            return Err(No {
                reason: if only_mask {
                    "MASK_INVALID"
                } else {
                    "FIELD_INVALID"
                }
                .to_owned(),
                fields: wrong,
            });
        }
        let rows = &mut self.accounts.get_mut(&save.id).unwrap().rows;
        if row.values.is_empty() && row.enabled {
            rows.remove(&save.kind);
        } else {
            rows.insert(save.kind.clone(), row);
        }
        Ok(())
    }

    pub(crate) fn reset(&mut self, id: i64, kind: &str) -> Result<bool, No> {
        if shape(kind).is_none() {
            return invalid(["integration_type".to_owned()]);
        }
        self.registered(id)?;
        let account = self.accounts.get_mut(&id).unwrap();
        Ok(account.rows.remove(kind).is_some())
    }

    /// Whether a value has the type of its field.
    fn typed(field: &str, value: &V) -> bool {
        match (field, value) {
            ("temperature" | "guidance", V::N(_)) => true,
            ("max_tokens" | "max_in_article_images" | "steps", V::N(number)) => {
                number.fract() == 0.0
            }
            ("service" | "model", V::S(text)) => !text.is_empty(),
            (field, V::S(text)) => IMAGE_LISTS.contains(&field) && !text.is_empty(),
            _ => false,
        }
    }

    /// The fields at fault among the given ones and those that they affect.
    pub(crate) fn check(
        &self,
        scope: &Scope<'_>,
        merged: &Values,
        given: &[&str],
    ) -> BTreeSet<String> {
        let mut wrong = BTreeSet::new();
        let modality = scope.modality;
        let is_given = |field: &str| given.contains(&field);
        let service = text_of(merged, "service");
        let mut owner = scope.provider.map(ToOwned::to_owned);
        if let Some(service) = service {
            if is_given("service") && !self.serves(modality, service) {
                wrong.insert("service".to_owned());
            } else if owner.is_none() {
                owner = Some(provider_of(modality, service));
            }
        }
        let mut named: Option<&Model> = None;
        let mut used: Option<&Model> = None;
        if let Some(id) = text_of(merged, "model") {
            named = self
                .models
                .get(id)
                .filter(|model| model.modality == modality);
            match named {
                None => {
                    if is_given("model") {
                        wrong.insert("model".to_owned());
                    }
                }
                Some(model) if owner.as_ref().is_some_and(|owner| *owner != model.provider) => {
                    if is_given("model") || is_given("service") {
                        if service.is_some() && scope.provider.is_none() {
                            wrong.insert("service".to_owned());
                        }
                        wrong.insert("model".to_owned());
                    }
                }
                Some(_) => {
                    used = self.usable(id);
                    if used.is_none() && is_given("model") {
                        wrong.insert("model".to_owned());
                    }
                }
            }
        }
        // One that is passed over leaves the limits to the next that would be used.
        if used.is_none() && !wrong.contains("model") {
            used = scope.otherwise.as_ref().and_then(|id| self.models.get(id));
        }
        let affects = is_given("model") || is_given("service");
        for (field, value) in merged
            .iter()
            .filter(|(field, _)| affects || is_given(field))
        {
            let number = value.number();
            let fits = match field.as_str() {
                "service" | "model" => true,
                "temperature" => {
                    let max = used.and_then(|model| model.warm).unwrap_or(2.0);
                    (0.0..=max).contains(&number)
                }
                "max_tokens" => {
                    let max = used.and_then(|model| model.max_tokens);
                    (1.0..=max.unwrap_or(f64::from(i32::MAX))).contains(&number)
                }
                "max_in_article_images" => (0.0..=20.0).contains(&number),
                "steps" => (1.0..=100.0).contains(&number),
                "guidance" => (0.0..=50.0).contains(&number),
                listed => {
                    let takes = |model: &Model| model.listed(listed, &value.text()).is_some();
                    used.is_none_or(|used| takes(used) || named.is_some_and(takes))
                }
            };
            if !fits {
                wrong.insert(field.clone());
            }
        }
        wrong
    }
}

/// A row without its model: what would be used then.
pub(crate) fn without_model(values: &Values) -> Values {
    let mut values = values.clone();
    values.remove("model");
    values
}
