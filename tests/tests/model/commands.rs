//! Random commands, run on the service and on the plain model.

use std::collections::BTreeMap;

use aiconfig_proto::v1;
use aiconfig_tests::config;
use prost_types::value::Kind;
use prost_types::{FieldMask, Value};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tonic::Status;

use crate::rules::Save;
use crate::world::{IMAGE_LISTS, No, V, Values, World};
use crate::{Run, compare};

/// Accounts that commands are about; one more is never registered.
pub(crate) const ACCOUNTS: i64 = 10;
pub(crate) const TYPES: [&str; 5] = [
    "text_generation",
    "openai",
    "anthropic",
    "image_generation",
    "embedding_generation",
];
const SECTIONS: [&str; 8] = [
    "text_generation",
    "openai",
    "anthropic",
    "image_generation",
    "embedding_generation",
    "dalle",
    "runware",
    "gsc",
];
const MODULES: [&str; 4] = ["planner", "writer", "site_builder", "optimizer"];
const FIELDS: [&str; 11] = [
    "service",
    "model",
    "temperature",
    "max_tokens",
    "image_size",
    "image_quality",
    "image_style",
    "image_format",
    "max_in_article_images",
    "steps",
    "guidance",
];

pub(crate) struct Generator {
    pub(crate) random: StdRng,
    models: Vec<String>,
    functions: Vec<String>,
    /// Values that some model's list has, by field.
    listed: BTreeMap<String, Vec<String>>,
    version: i64,
}

impl Generator {
    pub(crate) fn new(seed: u64, world: &World) -> Self {
        let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for model in world.models.values() {
            for (field, values) in &model.lists {
                listed
                    .entry(field.clone())
                    .or_default()
                    .extend(values.clone());
            }
            for alias in model.aliases.keys() {
                let (field, value) = alias.split_once(':').unwrap();
                listed
                    .entry(field.to_owned())
                    .or_default()
                    .push(value.to_owned());
            }
        }
        let models = world.models.keys().cloned();
        Self {
            random: StdRng::seed_from_u64(seed),
            models: models.chain(["no-such-model".to_owned()]).collect(),
            functions: world.functions.keys().cloned().collect(),
            listed,
            version: 0,
        }
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from.choose(&mut self.random).unwrap()
    }

    pub(crate) fn id(&mut self) -> i64 {
        self.random.random_range(1..=ACCOUNTS + 1)
    }

    pub(crate) fn chance(&mut self, of_ten: u32) -> bool {
        self.random.random_range(0..10) < of_ten
    }

    /// A value that may fit a field.
    fn value(&mut self, field: &str) -> V {
        let whole = |number: i32| V::N(f64::from(number));
        match field {
            "service" => {
                let services = ["openai", "anthropic", "runware", "dalle", "nobody"];
                V::S(self.pick(&services).to_owned())
            }
            "model" => V::S(self.models.choose(&mut self.random).unwrap().clone()),
            "temperature" => V::N(f64::from(self.random.random_range(-1..25)) / 10.0),
            "max_tokens" => {
                let most = [1, 0, 100, 4_096, 8_192, 20_000, 100_000, 1_000_000];
                whole(*most.choose(&mut self.random).unwrap())
            }
            "max_in_article_images" => whole(self.random.random_range(-1..23)),
            "steps" => whole(self.random.random_range(-2..110)),
            "guidance" => whole(self.random.random_range(-2..55)),
            listed => {
                let known = self.listed.get(listed).cloned().unwrap_or_default();
                if known.is_empty() || self.chance(1) {
                    return V::S("9x9".to_owned());
                }
                V::S(known.choose(&mut self.random).unwrap().clone())
            }
        }
    }

    /// A field that mostly is one of a type.
    fn field_of(&mut self, kind: &str) -> &'static str {
        if self.chance(1) {
            return self.pick(&FIELDS);
        }
        match kind {
            "text_generation" => "service",
            "openai" | "anthropic" => self.pick(&["model", "temperature", "max_tokens"]),
            "embedding_generation" => self.pick(&["service", "model"]),
            _ => {
                let images = [
                    "service",
                    "model",
                    "max_in_article_images",
                    "steps",
                    "guidance",
                ];
                let all: Vec<&'static str> = images.into_iter().chain(IMAGE_LISTS).collect();
                self.pick(&all)
            }
        }
    }

    fn save(&mut self) -> Save {
        let kind = if self.chance(1) {
            self.pick(&["dalle", "gsc", "openai", "runware"])
        } else {
            self.pick(&TYPES)
        };
        let mut config = BTreeMap::new();
        for _ in 0..self.random.random_range(0..4) {
            let field = self.field_of(kind);
            let value = self.value(field);
            let value = match self.random.random_range(0..20) {
                0..3 => None,
                3 => Some(V::S("warm".to_owned())),
                _ => Some(value),
            };
            config.insert(field.to_owned(), value);
        }
        let mask = self.chance(2).then(|| {
            let mut paths: Vec<String> = config.keys().cloned().collect();
            match self.random.random_range(0..6) {
                0 => paths = vec!["*".to_owned()],
                1 => paths.truncate(1),
                2 => paths.push(self.field_of(kind).to_owned()),
                _ => {}
            }
            paths
        });
        Save {
            id: self.id(),
            kind: kind.to_owned(),
            config,
            mask: mask.filter(|paths| !paths.is_empty()),
            enabled: self.chance(1).then(|| self.random.random_bool(0.5)),
        }
    }

    pub(crate) fn query(&mut self, world: &World) -> (i64, String, Values) {
        let name = self.functions.choose(&mut self.random).unwrap().clone();
        let modality = world.functions[&name].modality.clone();
        let mut given = Values::new();
        if self.chance(3) {
            for _ in 0..self.random.random_range(1..3) {
                let kind = if modality == "text" {
                    "openai"
                } else {
                    "image_generation"
                };
                let field = self.field_of(kind);
                let value = self.value(field);
                given.insert(field.to_owned(), value);
            }
        }
        (self.id(), name, given)
    }

    pub(crate) fn view(&mut self) -> (i64, &'static str) {
        (self.id(), self.pick(&TYPES))
    }
}

fn json(value: Option<&V>) -> Value {
    let kind = match value {
        None => Kind::NullValue(0),
        Some(V::S(text)) => Kind::StringValue(text.clone()),
        Some(V::N(number)) => Kind::NumberValue(*number),
    };
    Value { kind: Some(kind) }
}

fn one(field: &str, value: Option<&V>) -> v1::ModelFields {
    let values = value.map(|value| (field.to_owned(), value.clone()));
    compare::message(&values.into_iter().collect())
}

impl Run {
    /// Compares the outcome of a write.
    pub(crate) fn outcome<T: std::fmt::Debug>(
        &self,
        what: &str,
        service: &Result<T, Status>,
        plain: &Result<(), No>,
    ) {
        match (service, plain) {
            (Ok(_), Ok(())) => {}
            (Err(status), Err(plain)) if compare::refusal(status) == *plain => {}
            (Err(status), _) => self.differ(what, &compare::refusal(status), plain),
            _ => self.differ(what, service, plain),
        }
    }

    pub(crate) async fn command(&mut self, generator: &mut Generator) {
        match generator.random.random_range(0..34) {
            28.. => self.library_command(generator).await,
            20..28 => self.prompt_command(generator).await,
            0..4 => self.push(generator).await,
            4 => self.delete(generator).await,
            5..12 => self.save(generator).await,
            12 => self.reset(generator).await,
            13..16 => self.section(generator).await,
            16 => self.model(generator).await,
            17 => self.default_model(generator).await,
            18 => self.function(generator).await,
            _ => self.module(generator).await,
        }
    }

    async fn push(&mut self, generator: &mut Generator) {
        let plans = ["FREE", "STARTER", "GROWTH", "SCALE"];
        let at = generator.random.random_range(0..21);
        let name = if at == 20 { None } else { Some(plans[at % 4]) };
        let active = !generator.chance(1);
        generator.version += 1;
        let old = generator.chance(1);
        let version = if old {
            generator.random.random_range(0..=generator.version)
        } else {
            generator.version
        };
        let id = if generator.chance(9) {
            generator.random.random_range(1..=ACCOUNTS)
        } else {
            0
        };
        self.note(format!(
            "push {id} {name:?} active={active} version={version}"
        ));
        let number = name.map(|plan| v1::Plan::from_str_name(&format!("PLAN_{plan}")).unwrap());
        let account = v1::Account {
            account_id: id,
            plan: number.map_or(99, Into::into),
            active,
            source_version: version,
            ..Default::default()
        };
        let request = v1::UpsertAccountRequest {
            account: Some(account),
            ..Default::default()
        };
        let service = self.admin.accounts.upsert_account(request).await;
        let plain = self.world.push(id, name, active, version);
        if let (Ok(service), Ok(applied)) = (&service, &plain)
            && service.get_ref().applied != *applied
        {
            self.differ("applied", service, applied);
        }
        self.outcome("a push", &service, &plain.map(drop));
    }

    async fn delete(&mut self, generator: &mut Generator) {
        let id = generator.id();
        if generator.chance(5) {
            return;
        }
        generator.version += 1;
        let version = generator.version;
        self.note(format!("delete {id} version={version}"));
        let request = v1::DeleteAccountRequest {
            account_id: id,
            source_version: version,
            ..Default::default()
        };
        let service = self.admin.accounts.delete_account(request).await;
        let plain = self.world.delete(id, version);
        self.outcome("a deletion", &service, &plain.map(drop));
    }

    async fn save(&mut self, generator: &mut Generator) {
        let save = generator.save();
        self.note(format!("{save:?}"));
        let members: Vec<(&str, Value)> = save
            .config
            .iter()
            .map(|(name, value)| (name.as_str(), json(value.as_ref())))
            .collect();
        let request = v1::SaveIntegrationSettingsRequest {
            account_id: save.id,
            integration_type: save.kind.clone(),
            config: Some(config(&members)),
            update_mask: save.mask.clone().map(|paths| FieldMask { paths }),
            enabled: save.enabled,
            ..Default::default()
        };
        let service = self
            .backend
            .settings
            .save_integration_settings(request)
            .await;
        let plain = self.world.save(&save);
        self.outcome("a save", &service, &plain);
    }

    async fn reset(&mut self, generator: &mut Generator) {
        let (id, kind) = generator.view();
        self.note(format!("reset {id} {kind}"));
        let request = v1::ResetIntegrationSettingsRequest {
            account_id: id,
            integration_type: kind.to_owned(),
            ..Default::default()
        };
        let service = self
            .backend
            .settings
            .reset_integration_settings(request)
            .await;
        let plain = self.world.reset(id, kind);
        if let (Ok(service), Ok(changed)) = (&service, &plain)
            && service.get_ref().changed != *changed
        {
            self.differ("changed", service, changed);
        }
        self.outcome("a reset", &service, &plain.map(drop));
    }

    async fn section(&mut self, generator: &mut Generator) {
        let name = generator.pick(&SECTIONS);
        let field = generator.field_of(name);
        let value = generator.value(field);
        let value = (!generator.chance(2)).then_some(value);
        self.note(format!("global {name}.{field} = {value:?}"));
        let settings = v1::GlobalSettings {
            sections: [(name.to_owned(), one(field, value.as_ref()))].into(),
            ..Default::default()
        };
        let request = v1::UpdateGlobalSettingsRequest {
            global_settings: Some(settings),
            update_mask: Some(FieldMask {
                paths: vec![format!("sections.{name}.{field}")],
            }),
            ..Default::default()
        };
        let service = self.admin.globals.update_global_settings(request).await;
        let plain = self.world.set_section(name, field, value.as_ref());
        self.outcome("a change of the globals", &service, &plain);
    }

    async fn model(&mut self, generator: &mut Generator) {
        let id = generator
            .models
            .choose(&mut generator.random)
            .unwrap()
            .clone();
        let active = generator.chance(7);
        self.note(format!("model {id} active={active}"));
        let provider = self
            .world
            .models
            .get(&id)
            .map(|model| model.provider.clone());
        let model = v1::Model {
            provider: provider.unwrap_or_else(|| "openai".to_owned()),
            model_id: id.clone(),
            active,
            ..Default::default()
        };
        let request = v1::UpdateModelRequest {
            model: Some(model),
            update_mask: Some(FieldMask {
                paths: vec!["active".to_owned()],
            }),
            ..Default::default()
        };
        let service = self.admin.catalog.update_model(request).await;
        let plain = match self.world.models.get_mut(&id) {
            Some(model) => {
                model.active = active;
                Ok(())
            }
            None => crate::world::no("MODEL_NOT_FOUND"),
        };
        self.outcome("a change of a model", &service, &plain);
    }

    async fn default_model(&mut self, generator: &mut Generator) {
        let id = generator
            .models
            .choose(&mut generator.random)
            .unwrap()
            .clone();
        self.note(format!("default {id}"));
        let request = v1::SetDefaultModelRequest {
            model_id: id.clone(),
            ..Default::default()
        };
        let service = self.admin.catalog.set_default_model(request).await;
        let plain = self.world.make_default(&id);
        self.outcome("a move of a default", &service, &plain);
    }

    async fn function(&mut self, generator: &mut Generator) {
        let name = generator
            .functions
            .choose(&mut generator.random)
            .unwrap()
            .clone();
        let kind = if self.world.functions[&name].modality == "text" {
            "openai"
        } else {
            "image_generation"
        };
        let field = generator.field_of(kind);
        let value = generator.value(field);
        let value = generator.chance(5).then_some(value);
        self.note(format!("function {name}.{field} = {value:?}"));
        let function = v1::Function {
            name: name.clone(),
            defaults: Some(one(field, value.as_ref())),
            ..Default::default()
        };
        let request = v1::UpdateFunctionRequest {
            function: Some(function),
            update_mask: Some(FieldMask {
                paths: vec![format!("defaults.{field}")],
            }),
            ..Default::default()
        };
        let service = self.admin.catalog.update_function(request).await;
        let plain = self.world.set_default(&name, field, value.as_ref());
        self.outcome("a change of a function", &service, &plain);
    }

    async fn module(&mut self, generator: &mut Generator) {
        let (id, on) = (generator.id(), generator.chance(8));
        let module = generator.pick(&MODULES).to_owned();
        let switch = |off: &mut std::collections::BTreeSet<String>| {
            if on {
                off.remove(&module);
            } else {
                off.insert(module.clone());
            }
        };
        if generator.chance(3) {
            self.note(format!("platform module {module} {on}"));
            let modules = v1::PlatformModules {
                modules: [(module.clone(), on)].into(),
                ..Default::default()
            };
            let request = v1::UpdatePlatformModulesRequest {
                platform_modules: Some(modules),
                ..Default::default()
            };
            let service = self.admin.modules.update_platform_modules(request).await;
            switch(&mut self.world.modules_off);
            self.outcome("a switch", &service, &Ok(()));
            return;
        }
        self.note(format!("module {module} of {id} {on}"));
        let modules = v1::AccountModules {
            account_id: id,
            modules: [(module.clone(), on)].into(),
            ..Default::default()
        };
        let request = v1::UpdateAccountModulesRequest {
            account_modules: Some(modules),
            ..Default::default()
        };
        let service = self.admin.modules.update_account_modules(request).await;
        let plain = self.world.registered(id).map(drop);
        if plain.is_ok() {
            switch(&mut self.world.accounts.get_mut(&id).unwrap().modules_off);
        }
        self.outcome("a switch", &service, &plain);
    }
}
