//! What image accounts get, case by case. The table in `docs/image-accounts.md` is what this test
//! saw: `AICONFIG_TEST_WRITE=1` writes it anew.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use aiconfig_proto::v1::{self, FieldSource, Plan};
use aiconfig_tests::{Clients, Place, Server, account, config, reason, text};
use aiconfig_testsupport::PgServer;
use tonic_types::StatusExt as _;

/// What an account saved, by case.
const CASES: &[(&str, &[(&str, &str)])] = &[
    ("nothing", &[]),
    ("service alone", &[("service", "runware")]),
    ("service alone, by its other name", &[("service", "dalle")]),
    ("model alone", &[("model", "runware:100@1")]),
    (
        "model alone, of the default service",
        &[("model", "gpt-image-2")],
    ),
    (
        "both, agreeing",
        &[("service", "runware"), ("model", "runware:100@1")],
    ),
    (
        "both, disagreeing",
        &[("service", "openai"), ("model", "runware:100@1")],
    ),
    ("a retired model", &[("model", "dall-e-3")]),
    (
        "a retired model and a size of its own",
        &[("model", "dall-e-3"), ("image_size", "1792x1024")],
    ),
    ("an unknown model", &[("model", "painter-9")]),
    ("a model of text", &[("model", "gpt-4o")]),
    ("an unknown service", &[("service", "midnight")]),
    ("a size that the model has", &[("image_size", "1536x1024")]),
    ("a size that the model lacks", &[("image_size", "1280x768")]),
    ("an older name of a quality", &[("image_quality", "hd")]),
    (
        "a style, which the model has not",
        &[("image_style", "vivid")],
    ),
];

async fn add_key(admin: &mut Clients, provider: &str, key: &str) {
    let add = v1::AddProviderKeyRequest {
        provider: provider.to_owned(),
        api_key: key.to_owned(),
        ..Default::default()
    };
    admin.providers.add_provider_key(add).await.unwrap();
    let promote = v1::PromoteProviderKeyRequest {
        provider: provider.to_owned(),
        version: 1,
        ..Default::default()
    };
    admin.providers.promote_provider_key(promote).await.unwrap();
}

async fn resolved(backend: &mut Clients, id: i64) -> v1::ModelConfig {
    let request = v1::GetModelConfigRequest {
        account_id: id,
        function_name: "generate_images".to_owned(),
        include_api_key: true,
        ..Default::default()
    };
    let answer = backend.configs.get_model_config(request).await.unwrap();
    answer.into_inner().model_config.unwrap()
}

/// A source by its first letter, in small type.
fn from(config: &v1::ModelConfig, field: &str) -> String {
    let Some(number) = config.sources.get(field) else {
        return String::new();
    };
    let name = FieldSource::try_from(*number).unwrap().as_str_name();
    let name = name.trim_start_matches("FIELD_SOURCE_").to_lowercase();
    format!(" ({name})")
}

fn row(name: &str, saved: &[(&str, &str)], answer: &str, config: &v1::ModelConfig) -> String {
    let saved: Vec<String> = saved
        .iter()
        .map(|(k, v)| format!("`{k}` = `{v}`"))
        .collect();
    let image = config.image.clone().unwrap();
    let value = |field: &str, value: Option<String>| {
        value.map_or_else(
            || "–".to_owned(),
            |value| format!("{value}{}", from(config, field)),
        )
    };
    let notes: Vec<String> = config
        .adjustments
        .iter()
        .map(|note| {
            let kind = note
                .kind()
                .as_str_name()
                .trim_start_matches("ADJUSTMENT_KIND_")
                .to_owned();
            let to = if note.to.is_empty() {
                String::new()
            } else {
                format!(" → {}", note.to)
            };
            format!("{kind} {} {}{to}", note.field, note.from)
        })
        .collect();
    format!(
        "| {name} | {} | {answer} | {}{} | {}{} | {} | {} | {} | {} |\n",
        saved.join(", "),
        config.service,
        from(config, "service"),
        config.model,
        from(config, "model"),
        value("image_size", image.image_size.clone()),
        value("image_quality", image.image_quality.clone()),
        config.key_provider,
        notes.join("; ").replace('|', "/"),
    )
}

/// What a save came to, in few words.
async fn save(backend: &mut Clients, id: i64, saved: &[(&str, &str)]) -> String {
    let members: Vec<_> = saved
        .iter()
        .map(|(name, value)| (*name, text(value)))
        .collect();
    let request = v1::SaveIntegrationSettingsRequest {
        account_id: id,
        integration_type: "image_generation".to_owned(),
        config: Some(config(&members)),
        ..Default::default()
    };
    match backend.settings.save_integration_settings(request).await {
        Ok(answer) if answer.get_ref().warnings.is_empty() => "saved".to_owned(),
        Ok(answer) => format!(
            "saved, with the warning: {}",
            answer.get_ref().warnings.join("; ")
        ),
        Err(status) => {
            let details = status.get_error_details();
            let violations = &details.bad_request().unwrap().field_violations;
            let fields: Vec<_> = violations
                .iter()
                .map(|found| format!("`{}`", found.field))
                .collect();
            format!("{} on {}", reason(&status), fields.join(", "))
        }
    }
}

async fn table(place: &Place) -> String {
    let server = Server::start(place);
    let (mut admin, mut backend) = (
        server.clients("admin").await,
        server.clients("backend").await,
    );
    add_key(&mut admin, "openai", "sk-test-0123456789abcdefghij").await;
    add_key(&mut admin, "runware", "rw-test-0123456789").await;
    let mut table = String::from(
        "| case | saved | answer to the save | service | model | size | quality | key of | adjustments |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (id, (name, saved)) in (1..).zip(CASES) {
        let growth = account(id, Plan::Growth);
        admin.accounts.upsert_account(growth).await.unwrap();
        let answer = if saved.is_empty() {
            String::new()
        } else {
            save(&mut backend, id, saved).await
        };
        let config = resolved(&mut backend, id).await;
        table.push_str(&row(name, saved, &answer, &config));
    }
    // OpenAI's images use the key of openai until dalle has one of its own.
    add_key(&mut admin, "dalle", "sk-test-dalle-0123456789abcd").await;
    let config = resolved(&mut backend, 1).await;
    table.push_str(&row("nothing, once `dalle` has a key", &[], "", &config));
    let revoke = v1::RevokeProviderKeyRequest {
        provider: "dalle".to_owned(),
        version: 1,
        ..Default::default()
    };
    admin.providers.revoke_provider_key(revoke).await.unwrap();
    let request = v1::GetModelConfigRequest {
        account_id: 1,
        function_name: "generate_images".to_owned(),
        include_api_key: true,
        ..Default::default()
    };
    let refused = backend.configs.get_model_config(request).await.unwrap_err();
    let why = reason(&refused);
    let _ = writeln!(
        table,
        "| nothing, once that key is revoked |  |  | {why}: a revoked key does not become another's | | | | | |"
    );
    table
}

#[tokio::test]
async fn the_table_of_image_accounts() {
    let seen = table(&Place::sqlite()).await;
    let other = table(&Place::postgres(&PgServer::shared().create_database())).await;
    assert_eq!(seen, other, "both databases answer the same");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/image-accounts.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let start = text.find("| case |").unwrap();
    if std::env::var_os("AICONFIG_TEST_WRITE").is_some() {
        std::fs::write(&file, format!("{}{seen}", &text[..start])).unwrap();
        return;
    }
    assert_eq!(
        text[start..],
        seen,
        "docs/image-accounts.md tells something else"
    );
}
