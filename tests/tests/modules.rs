//! Modules over a real socket, on SQLite and on PostgreSQL: two switches, what they come to, and the
//! calls that they stop.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use aiconfig_proto::v1::{self, ModuleOffReason as Off, Plan};
use aiconfig_tests::{Clients, Place, Server, account, query, reason};
use aiconfig_testsupport::PgServer;
use prost_types::FieldMask;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

const ALL: [&str; 8] = [
    "automation",
    "linker",
    "optimizer",
    "planner",
    "publisher",
    "site_builder",
    "thinker",
    "writer",
];

struct Stage {
    place: Place,
    server: Server,
    admin: Clients,
    backend: Clients,
}

/// Runs a test on an empty database of each kind, with an account of each plan from 1 to 4.
async fn on_both(test: impl AsyncFn(&mut Stage)) {
    let postgres = Place::postgres(&PgServer::shared().create_database());
    for place in [Place::sqlite(), postgres] {
        let server = Server::start(&place);
        let mut stage = Stage {
            admin: server.clients("admin").await,
            backend: server.clients("backend").await,
            place,
            server,
        };
        for (id, plan) in (1..).zip([Plan::Free, Plan::Starter, Plan::Growth, Plan::Scale]) {
            stage.push(account(id, plan)).await;
        }
        test(&mut stage).await;
    }
}

fn switches(given: &[(&str, bool)]) -> std::collections::BTreeMap<String, bool> {
    let given = given.iter();
    given.map(|(name, on)| ((*name).to_owned(), *on)).collect()
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    (!paths.is_empty()).then_some(FieldMask { paths })
}

fn of_platform(given: &[(&str, bool)], paths: &[&str]) -> v1::UpdatePlatformModulesRequest {
    v1::UpdatePlatformModulesRequest {
        platform_modules: Some(v1::PlatformModules {
            modules: switches(given),
            ..Default::default()
        }),
        update_mask: mask(paths),
        ..Default::default()
    }
}

fn of_account(id: i64, given: &[(&str, bool)], paths: &[&str]) -> v1::UpdateAccountModulesRequest {
    v1::UpdateAccountModulesRequest {
        account_modules: Some(v1::AccountModules {
            account_id: id,
            modules: switches(given),
            ..Default::default()
        }),
        update_mask: mask(paths),
        ..Default::default()
    }
}

#[track_caller]
fn refused<T: Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

fn why(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

impl Stage {
    async fn push(&mut self, push: v1::UpsertAccountRequest) {
        let answer = self.admin.accounts.upsert_account(push).await;
        assert!(answer.unwrap().get_ref().applied);
    }

    async fn platform(&mut self, given: &[(&str, bool)], paths: &[&str]) -> bool {
        let request = of_platform(given, paths);
        let answer = self.admin.modules.update_platform_modules(request).await;
        answer.unwrap().get_ref().changed
    }

    async fn own(&mut self, id: i64, given: &[(&str, bool)], paths: &[&str]) -> bool {
        let request = of_account(id, given, paths);
        let answer = self.backend.modules.update_account_modules(request).await;
        answer.unwrap().get_ref().changed
    }

    async fn view(&mut self, id: i64) -> v1::AccountModules {
        let request = v1::GetAccountModulesRequest {
            account_id: id,
            ..Default::default()
        };
        let answer = self.backend.modules.get_account_modules(request).await;
        answer.unwrap().into_inner().account_modules.unwrap()
    }

    /// The modules that are off in effect, each with who switched it off.
    async fn off(&mut self, id: i64) -> Vec<(String, Off)> {
        let view = self.view(id).await;
        assert_eq!(view.effective.keys().collect::<Vec<_>>(), ALL);
        assert_eq!(view.modules.keys().collect::<Vec<_>>(), ALL);
        let off = view.effective.iter().filter(|(_, on)| !**on);
        let off: Vec<(String, Off)> = off
            .map(|(name, _)| (name.clone(), view.off_reasons[name].try_into().unwrap()))
            .collect();
        assert_eq!(off.len(), view.off_reasons.len());
        off
    }

    async fn config(
        &mut self,
        id: i64,
        function: &str,
    ) -> Result<Response<v1::GetModelConfigResponse>, Status> {
        let request = v1::GetModelConfigRequest {
            function_name: function.to_owned(),
            ..query(id)
        };
        self.backend.configs.get_model_config(request).await
    }
}

fn off(names: &[(&str, Off)]) -> Vec<(String, Off)> {
    let names = names.iter();
    names.map(|(name, by)| ((*name).to_owned(), *by)).collect()
}

#[tokio::test]
async fn a_module_is_on_where_both_switches_are() {
    on_both(async |stage| {
        for id in 1..=4 {
            assert_eq!(stage.off(id).await, []);
        }
        // Any plan may toggle.
        for id in [1, 3] {
            assert!(stage.own(id, &[("writer", false)], &[]).await);
            assert!(!stage.own(id, &[("writer", false)], &[]).await);
            assert_eq!(stage.off(id).await, off(&[("writer", Off::Account)]));
        }
        assert_eq!(stage.off(2).await, []);
        assert!(
            stage
                .platform(&[("linker", false), ("writer", false)], &[])
                .await
        );
        // The platform counts first, and an account's own switch stays as it was.
        let both = off(&[("linker", Off::Platform), ("writer", Off::Platform)]);
        for id in 1..=4 {
            assert_eq!(stage.off(id).await, both);
        }
        assert!(!stage.view(1).await.modules["writer"]);
        assert!(stage.view(2).await.modules["writer"]);
        assert!(stage.own(2, &[("linker", false)], &[]).await);
        let whole = stage.platform(&[], &["*"]).await;
        assert!(whole, "what a mask names and nothing gives is on");
        assert_eq!(stage.off(1).await, off(&[("writer", Off::Account)]));
        assert_eq!(stage.off(2).await, off(&[("linker", Off::Account)]));
        assert!(stage.own(1, &[], &["modules.writer"]).await);
        assert_eq!(stage.off(1).await, []);
        // An account whose switches are all on has no row.
        assert_eq!(stage.view(1).await.etag, stage.view(4).await.etag);
        assert_ne!(stage.view(2).await.etag, stage.view(4).await.etag);

        // It holds after a restart, and a deleted account starts anew.
        let server = Server::start(&stage.place);
        stage.admin = server.clients("admin").await;
        stage.backend = server.clients("backend").await;
        drop(std::mem::replace(&mut stage.server, server));
        assert_eq!(stage.off(2).await, off(&[("linker", Off::Account)]));
        let delete = v1::DeleteAccountRequest {
            account_id: 2,
            source_version: 5,
            ..Default::default()
        };
        stage.admin.accounts.delete_account(delete).await.unwrap();
        let gone = of_account(2, &[("linker", false)], &[]);
        let gone = stage.backend.modules.update_account_modules(gone).await;
        assert_eq!(refused(gone), why(Code::NotFound, "ACCOUNT_NOT_FOUND"));
        let mut again = account(2, Plan::Starter);
        again.account.as_mut().unwrap().source_version = 6;
        stage.push(again).await;
        assert_eq!(stage.off(2).await, []);
    })
    .await;
}

#[tokio::test]
async fn functions_of_a_module_that_is_off_are_refused() {
    on_both(async |stage| {
        let bare = v1::Function {
            name: "no_module".to_owned(),
            modality: v1::Modality::Text.into(),
            ..Default::default()
        };
        let bare = v1::CreateFunctionRequest {
            function: Some(bare),
            ..Default::default()
        };
        stage.admin.catalog.create_function(bare).await.unwrap();
        stage.own(3, &[("writer", false)], &[]).await;
        let off = why(Code::FailedPrecondition, "MODULE_DISABLED");
        for function in ["generate_content", "generate_images"] {
            let status = stage.config(3, function).await.unwrap_err();
            let details = status.get_error_details();
            let told = details.error_info().unwrap().metadata.clone();
            assert!(told.values().any(|value| value == "writer"), "{told:?}");
            assert_eq!((status.code(), reason(&status)), off);
            stage.config(2, function).await.unwrap();
        }
        for function in ["auto_cluster", "no_module"] {
            stage.config(3, function).await.unwrap();
        }
        // Prompts, views, saves and quotes go on.
        let prompt = aiconfig_tests::effective(3, "content_generation");
        stage
            .backend
            .prompts
            .get_effective_prompt(prompt)
            .await
            .unwrap();
        let view = v1::GetIntegrationSettingsRequest {
            account_id: 3,
            integration_type: "openai".to_owned(),
            ..Default::default()
        };
        stage
            .backend
            .settings
            .get_integration_settings(view)
            .await
            .unwrap();
        let quote = v1::QuoteCreditsRequest {
            account_id: 3,
            subject: Some(v1::quote_credits_request::Subject::FunctionName(
                "generate_content".to_owned(),
            )),
            words: Some(100),
            ..Default::default()
        };
        stage.backend.catalog.quote_credits(quote).await.unwrap();
        // Every function of the module, for all, also for accounts that nobody registered.
        stage.platform(&[("planner", false)], &[]).await;
        for id in [1, 4, 99] {
            assert_eq!(refused(stage.config(id, "auto_cluster").await), off);
            stage.config(id, "no_module").await.unwrap();
        }
        // An account that is not active is told that first; its switches can be changed.
        let mut asleep = account(4, Plan::Scale);
        let pushed = asleep.account.as_mut().unwrap();
        (pushed.active, pushed.source_version) = (false, 2);
        stage.push(asleep).await;
        let inactive = why(Code::FailedPrecondition, "ACCOUNT_INACTIVE");
        assert_eq!(refused(stage.config(4, "auto_cluster").await), inactive);
        assert!(stage.own(4, &[("planner", false)], &[]).await);
        stage.platform(&[("planner", true)], &[]).await;
        stage.config(1, "auto_cluster").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn switches_are_read_strictly_and_the_second_writer_is_told() {
    on_both(async |stage| {
        let invalid = |reason: &str| why(Code::InvalidArgument, reason);
        for (given, paths, expect) in [
            (&[("painter", true)][..], &[][..], "FIELD_INVALID"),
            (&[], &["modules.painter"], "MASK_INVALID"),
            (&[], &["effective"], "MASK_INVALID"),
            (&[("writer", true)], &["modules.linker"], "MASK_INVALID"),
        ] {
            let platform = of_platform(given, paths);
            let platform = stage.admin.modules.update_platform_modules(platform).await;
            assert_eq!(refused(platform), invalid(expect), "{given:?} {paths:?}");
            let own = of_account(1, given, paths);
            let own = stage.backend.modules.update_account_modules(own).await;
            assert_eq!(refused(own), invalid(expect), "{given:?} {paths:?}");
        }
        let none = of_account(99, &[("writer", false)], &[]);
        let none = stage.backend.modules.update_account_modules(none).await;
        assert_eq!(refused(none), why(Code::NotFound, "ACCOUNT_NOT_FOUND"));

        let seen = stage.view(1).await.etag;
        let first = v1::UpdateAccountModulesRequest {
            expected_etag: seen.clone(),
            request_id: "first".to_owned(),
            ..of_account(1, &[("writer", false)], &[])
        };
        let modules = &mut stage.backend.modules;
        let written = modules.update_account_modules(first.clone()).await.unwrap();
        let written = written.into_inner();
        let second = v1::UpdateAccountModulesRequest {
            expected_etag: seen,
            ..of_account(1, &[("linker", false)], &[])
        };
        let second = modules.update_account_modules(second).await.unwrap_err();
        assert_eq!(reason(&second), "ETAG_MISMATCH");
        let details = second.get_error_details();
        let told = &details.error_info().unwrap().metadata;
        assert_eq!(told["revision"], written.revision.to_string());
        assert!(told["updated_by"].starts_with("token:"));
        // A repeat gets the first answer and brings nothing back.
        stage.own(1, &[("writer", true)], &[]).await;
        let modules = &mut stage.backend.modules;
        let again = modules.update_account_modules(first).await.unwrap();
        assert_eq!(again.into_inner(), written);
        assert_eq!(stage.off(1).await, []);
        let tried = v1::UpdateAccountModulesRequest {
            validate_only: true,
            ..of_account(1, &[("writer", false)], &[])
        };
        let modules = &mut stage.backend.modules;
        let tried = modules.update_account_modules(tried).await.unwrap();
        let tried = tried.into_inner();
        assert!(tried.changed && !tried.account_modules.unwrap().modules["writer"]);
        assert_eq!(stage.off(1).await, []);
    })
    .await;
}
