//! Thousands of random commands against the service and against a plain model of the rules; every
//! answer of the main call and of the settings views must be the same.
//!
//! `AICONFIG_TEST_SEED` and `AICONFIG_TEST_STEPS` choose another run; a failure names its own.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commands;
mod compare;
mod generator;
mod ladder;
mod library;
mod platform;
mod platform_rules;
mod prompts;
mod rules;
mod world;

use std::collections::VecDeque;

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, Place, Server};
use aiconfig_testsupport::PgServer;
use generator::Generator;
use world::{Values, World, shape};

/// Commands that a failure shows.
const SHOWN: usize = 12;

struct Run {
    world: World,
    admin: Clients,
    backend: Clients,
    seed: u64,
    step: usize,
    last: VecDeque<String>,
}

impl Run {
    /// Fails with what led there.
    fn differ(&self, what: &str, service: &dyn std::fmt::Debug, plain: &dyn std::fmt::Debug) -> ! {
        let last: Vec<&str> = self.last.iter().map(String::as_str).collect();
        let (seed, step, last) = (self.seed, self.step, last.join("\n  "));
        let text = format!(
            "seed {seed}, step {step}: {what}\nthe service: {service:#?}\nthe model: {plain:#?}\n\
             the last commands:\n  {last}"
        );
        panic!("{text}")
    }

    fn note(&mut self, command: String) {
        self.last.push_back(command);
        if self.last.len() > SHOWN {
            self.last.pop_front();
        }
    }

    async fn compare_config(&mut self, id: i64, function: &str, given: &Values) {
        let request = v1::GetModelConfigRequest {
            account_id: id,
            function_name: function.to_owned(),
            overrides: Some(compare::message(given)),
            include_explanation: true,
            ..Default::default()
        };
        let service = self.backend.configs.get_model_config(request).await;
        let plain = self.world.resolve(id, function, given);
        let what = format!("{function} of account {id} with {given:?}");
        match (service, plain) {
            (Ok(service), Ok(plain)) => {
                let config = service.into_inner().model_config.unwrap();
                let service = compare::answer(&config);
                if service != plain {
                    self.differ(&what, &service, &plain);
                }
                self.compare_explanation(&what, &config);
            }
            (Err(status), Err(plain)) => {
                let service = compare::refusal(&status);
                if service != plain {
                    self.differ(&what, &service, &plain);
                }
            }
            (service, plain) => self.differ(&what, &service, &plain),
        }
    }

    /// The explanation's winners are the answer's sources.
    fn compare_explanation(&self, what: &str, config: &v1::ModelConfig) {
        let explanation = config.explanation.clone().unwrap();
        let winners = explanation.fields.iter().filter(|field| field.winner != 0);
        let winners = winners
            .map(|field| (field.field.clone(), field.winner))
            .collect();
        let (service, plain) = (
            compare::sources(&winners),
            compare::sources(&config.sources),
        );
        if service != plain {
            self.differ(&format!("the explanation of {what}"), &service, &plain);
        }
    }

    async fn compare_view(&mut self, id: i64, kind: &str) {
        let request = v1::GetIntegrationSettingsRequest {
            account_id: id,
            integration_type: kind.to_owned(),
            ..Default::default()
        };
        let service = self
            .backend
            .settings
            .get_integration_settings(request)
            .await;
        let what = format!("the view {kind} of account {id}");
        let account = self.world.registered(id).cloned();
        let (view, account) = match (service, account) {
            (Ok(view), Ok(account)) => (view.into_inner().integration_settings.unwrap(), account),
            (Err(status), Err(plain)) if compare::refusal(&status) == plain => return,
            (service, plain) => self.differ(&what, &service, &plain),
        };
        let (modality, fields) = shape(kind).unwrap();
        let row = account.rows.get(kind);
        let in_force = self.world.row(id, kind).cloned();
        let (values, sources) = self.world.effective(kind, in_force.as_ref());
        let (defaults, _) = self.world.effective(kind, None);
        let overrides = row.map(|row| row.values.clone()).unwrap_or_default();
        let can = World::may_override(&account.plan);
        let services = fields.contains(&"service").then(|| {
            let all = self.world.providers.keys();
            let usable = all.filter(|provider| {
                self.world
                    .serves(modality, &world::service_of(modality, provider))
            });
            usable
                .map(|provider| world::service_of(modality, provider))
                .collect()
        });
        let plain = (
            row.is_none_or(|row| row.enabled),
            values,
            sources,
            defaults,
            overrides,
            in_force.is_none_or(|own| own.is_empty()),
            can,
            services.unwrap_or_default(),
        );
        let part = |fields: &Option<v1::ModelFields>| {
            compare::values(fields.as_ref().unwrap_or(&v1::ModelFields::default()))
        };
        let choices = view.choices.clone().unwrap_or_default();
        let service = (
            view.enabled,
            part(&view.values),
            compare::sources(&view.sources),
            part(&view.defaults),
            part(&view.overrides),
            view.using_global,
            view.can_override,
            compare::set(&choices.services),
        );
        if service != plain {
            self.differ(&what, &service, &plain);
        }
    }

    async fn compare_all(&mut self) {
        let functions: Vec<String> = self.world.functions.keys().cloned().collect();
        for id in 1..=generator::ACCOUNTS + 1 {
            for function in &functions {
                self.compare_config(id, function, &Values::new()).await;
            }
            for kind in generator::TYPES {
                self.compare_view(id, kind).await;
            }
        }
        self.compare_all_prompts().await;
    }
}

async fn model_test(place: Place, steps: usize) {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = given("AICONFIG_TEST_SEED").unwrap_or(20_261_121);
    let steps = given("AICONFIG_TEST_STEPS").map_or(steps, |steps| usize::try_from(steps).unwrap());
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let mut run = Run {
        world: compare::world(&mut admin).await,
        admin,
        backend: server.clients("backend").await,
        seed,
        step: 0,
        last: VecDeque::new(),
    };
    let mut generator = Generator::new(seed, &run.world);
    for step in 0..steps {
        run.step = step;
        run.command(&mut generator).await;
        for _ in 0..2 {
            let (id, function, given) = generator.query(&run.world);
            run.compare_config(id, &function, &given).await;
        }
        let (id, kind) = generator.view();
        run.compare_view(id, kind).await;
        run.compare_prompts(id).await;
        run.compare_library(id).await;
        if step % 500 == 499 {
            run.compare_all().await;
        }
    }
    run.compare_all().await;
}

#[tokio::test]
async fn the_service_is_the_plain_model_on_sqlite() {
    model_test(Place::sqlite(), 2_000).await;
}

#[tokio::test]
async fn the_service_is_the_plain_model_on_postgresql() {
    let url = PgServer::shared().create_database();
    model_test(Place::postgres(&url), 400).await;
}
