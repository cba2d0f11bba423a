//! `ImportPrices` over a real socket on both databases, and the command line beside it.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aiconfig_proto::v1::{self, import_prices_request::Part};
use aiconfig_tests::{Clients, Place, Server, account, reason, save, text};
use aiconfig_testsupport::PgServer;
use tonic::codegen::tokio_stream::iter;
use tonic::{Code, Status};

/// A file with a new price of gpt-4o-mini, stored prices of over half of the models that ship with
/// prices from such a file, and a model that does not ship.
fn file() -> String {
    let entry = |name: &str, vendor: &str, input: &str| {
        format!(
            r#""{name}": {{"litellm_provider": "{vendor}", "mode": "chat", "max_output_tokens": 9,
                "input_cost_per_token": {input}}}"#
        )
    };
    let mut entries: Vec<String> = (0..60)
        .map(|at| entry(&format!("other/m{at}"), "other", "1e-06"))
        .collect();
    for (name, vendor, input) in [
        ("gpt-4o-mini", "openai", "2e-07"),
        ("gpt-4o", "openai", "2.5e-06"),
        ("gpt-4.1", "openai", "2e-06"),
        ("gpt-4.1-mini", "openai", "4e-07"),
        ("gpt-4.1-nano", "openai", "1e-07"),
        ("gpt-4", "openai", "3e-05"),
        ("gpt-5.4", "openai", "2.5e-06"),
        ("gpt-5.4-mini", "openai", "7.5e-07"),
        ("gpt-5.6-terra", "openai", "2e-06"),
        ("gpt-5.6-luna", "openai", "2e-07"),
        ("gpt-6-luna", "openai", "1e-07"),
        ("gpt-6.1-sol", "openai", "2e-06"),
        ("claude-sonnet-4-6", "anthropic", "3e-06"),
        ("claude-sonnet-5-5", "anthropic", "2e-06"),
        ("claude-opus-4-6", "anthropic", "5e-06"),
        ("claude-opus-5-5", "anthropic", "4e-06"),
        ("claude-haiku-4-5", "anthropic", "1e-06"),
        ("openai/brand-new", "openai", "1e-06"),
    ] {
        entries.push(entry(name, vendor, input));
    }
    format!("{{{}}}", entries.join(",\n"))
}

async fn import(
    clients: &Clients,
    options: v1::ImportPricesOptions,
    content: &str,
    chunk: usize,
) -> Result<v1::ImportPricesResponse, Status> {
    let message = |part| v1::ImportPricesRequest { part: Some(part) };
    let mut messages = vec![message(Part::Options(options))];
    let chunks = content.as_bytes().chunks(chunk);
    messages.extend(chunks.map(|chunk| message(Part::Chunk(chunk.to_vec()))));
    let mut catalog = clients.catalog.clone();
    let answer = catalog.import_prices(iter(messages)).await;
    answer.map(tonic::Response::into_inner)
}

async fn input_price(clients: &Clients) -> i64 {
    let quote = v1::QuoteCreditsRequest {
        account_id: 5,
        model: "gpt-4o-mini".to_owned(),
        subject: Some(v1::quote_credits_request::Subject::OperationType(
            "clustering".to_owned(),
        )),
        input_tokens: Some(1_000_000),
        ..Default::default()
    };
    let mut catalog = clients.catalog.clone();
    let quote = catalog.quote_credits(quote).await.unwrap().into_inner();
    quote.cost_nano_usd.unwrap() / 1_000
}

async fn walk(place: Place) {
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let pushed = admin
        .accounts
        .upsert_account(account(5, v1::Plan::Growth))
        .await;
    pushed.unwrap();
    let content = file();
    let options = v1::ImportPricesOptions {
        request_id: "prices-1".to_owned(),
        source_version: "9".to_owned(),
        ..Default::default()
    };
    let dry = v1::ImportPricesOptions {
        validate_only: true,
        ..options.clone()
    };
    let told = import(&admin, dry, &content, 1_000).await.unwrap();
    assert!(told.changed);
    let mini = |told: &v1::ImportPricesResponse| {
        let mut rows = told.changes.iter();
        rows.find(|row| row.model_id == "gpt-4o-mini")
            .cloned()
            .unwrap()
    };
    let row = mini(&told);
    assert_eq!(
        (row.old_micro_usd, row.new_micro_usd),
        (Some(150_000), 200_000)
    );
    assert_eq!(
        (row.dimension(), row.from_tokens),
        (v1::PriceDimension::Input, 0)
    );
    assert_eq!(row.new_source, "litellm 9");
    assert_eq!(told.missing, ["brand-new"]);
    assert_eq!(input_price(&admin).await, 150_000);

    let done = import(&admin, options.clone(), &content, 1_000)
        .await
        .unwrap();
    assert_eq!(mini(&done).new_micro_usd, 200_000);
    assert_eq!(input_price(&admin).await, 200_000);
    // The same id, options and file get the first answer, however the file is cut.
    let again = import(&admin, options.clone(), &content, 256 << 10)
        .await
        .unwrap();
    assert_eq!(again, done);
    let other = import(&admin, options, &format!("{content} "), 1_000).await;
    assert_eq!(reason(&other.unwrap_err()), "REQUEST_ID_REUSED");
    let fresh = v1::ImportPricesOptions::default();
    let second = import(&admin, fresh.clone(), &content, 1_000)
        .await
        .unwrap();
    assert!(!second.changed && second.changes.is_empty());
    assert_eq!(second.revision, done.revision);

    let add = v1::ImportPricesOptions {
        create_missing: true,
        ..fresh.clone()
    };
    let added = import(&admin, add, &content, 1_000).await.unwrap();
    assert_eq!(added.created, ["brand-new"]);

    for (content, chunk, expected) in [
        ("{}", 9, "PRICE_FILE_IMPLAUSIBLE"),
        ("no file", 9, "FIELD_INVALID"),
        ("", 9, "FIELD_INVALID"),
        (&*" ".repeat((256 << 10) + 1), 1 << 20, "FIELD_INVALID"),
        (&*" ".repeat((32 << 20) + 1), 256 << 10, "MESSAGE_TOO_LARGE"),
    ] {
        let told = import(&admin, fresh.clone(), content, chunk).await;
        assert_eq!(
            reason(&told.unwrap_err()),
            expected,
            "{} bytes",
            content.len()
        );
    }
    let backend = server.clients("backend").await;
    let told = import(&backend, fresh, &content, 1_000).await.unwrap_err();
    assert_eq!(told.code(), Code::PermissionDenied);

    let path = place.write_private("prices.json", &content);
    let path = path.to_str().unwrap();
    let output = place.run(&["import", "prices", path, "--dry-run"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("Dry run: there is nothing to change."),
        "{text}"
    );
    let output = place.run(&["import", "prices", path, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["changed"], &report["matched"]),
        (&false.into(), &18.into())
    );
    let short = place.write_private("short.json", "{}");
    let output = place.run(&["import", "prices", short.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("prices of 0 models"));
}

/// A model that only a row of an account names is found once it cannot be used, with its count.
#[tokio::test]
async fn rows_of_accounts_are_counted_in_findings() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let pushed = admin.accounts.upsert_account(account(5, v1::Plan::Growth));
    pushed.await.unwrap();
    let saved = save(5, &[("model", text("gpt-4.1"))]);
    let saved = admin.settings.save_integration_settings(saved).await;
    saved.unwrap();
    let off = v1::UpdateModelRequest {
        model: Some(v1::Model {
            provider: "openai".to_owned(),
            model_id: "gpt-4.1".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["active".to_owned()],
        }),
        ..Default::default()
    };
    admin.catalog.update_model(off).await.unwrap();
    let asked = v1::ListFindingsRequest {
        filter: "kind = DANGLING_MODEL".to_owned(),
        ..Default::default()
    };
    let told = admin.catalog.list_findings(asked).await.unwrap();
    let told = told.into_inner().findings;
    let told: Vec<_> = told.iter().map(|f| (&*f.resource, f.count)).collect();
    assert_eq!(told, [("models/gpt-4.1", Some(1))]);
}

#[tokio::test]
async fn prices_on_sqlite() {
    walk(Place::sqlite()).await;
}

#[tokio::test]
async fn prices_on_postgresql() {
    walk(Place::postgres(&PgServer::shared().create_database())).await;
}
