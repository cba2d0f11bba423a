//! Random commands on what is the platform's: global settings, models, functions, modules.

use aiconfig_proto::v1;
use prost_types::FieldMask;
use rand::seq::IndexedRandom as _;

use crate::generator::Generator;
use crate::world::V;
use crate::{Run, compare};

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

fn one(field: &str, value: Option<&V>) -> v1::ModelFields {
    let values = value.map(|value| (field.to_owned(), value.clone()));
    compare::message(&values.into_iter().collect())
}

impl Run {
    pub(crate) async fn section(&mut self, generator: &mut Generator) {
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

    pub(crate) async fn model(&mut self, generator: &mut Generator) {
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

    pub(crate) async fn default_model(&mut self, generator: &mut Generator) {
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

    pub(crate) async fn function(&mut self, generator: &mut Generator) {
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

    pub(crate) async fn module(&mut self, generator: &mut Generator) {
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
