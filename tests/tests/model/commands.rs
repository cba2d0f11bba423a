//! Random commands, run on the service and on the plain model.

use aiconfig_proto::v1;
use aiconfig_tests::config;
use prost_types::value::Kind;
use prost_types::{FieldMask, Value};
use rand::RngExt as _;
use tonic::Status;

use crate::generator::{ACCOUNTS, Generator};
use crate::world::{No, V};
use crate::{Run, compare};

fn json(value: Option<&V>) -> Value {
    let kind = match value {
        None => Kind::NullValue(0),
        Some(V::S(text)) => Kind::StringValue(text.clone()),
        Some(V::N(number)) => Kind::NumberValue(*number),
    };
    Value { kind: Some(kind) }
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
}
