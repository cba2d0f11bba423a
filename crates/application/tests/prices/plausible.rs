//! Files that are refused as a whole.

use aiconfig_application::{AppError, PriceFile, PriceOptions, PriceSource};
use aiconfig_domain::Reason;

use crate::bench::{Bench, litellm};

async fn refusal(bench: &Bench, file: &str) -> String {
    let told = bench
        .try_import(file, &PriceOptions::default(), false)
        .await;
    match told {
        Err(AppError::Rejected(rejection)) => {
            assert_eq!(rejection.reason, Reason::PriceFileImplausible);
            rejection.message
        }
        other => unreachable!("{other:?}"),
    }
}

fn some(count: usize) -> String {
    let entry = |at| {
        format!(
            "\"other/m{at}\": {{\"litellm_provider\": \"other\", \"mode\": \"chat\", \
             \"input_cost_per_token\": 1e-06}}"
        )
    };
    let entries: Vec<String> = (0..count).map(entry).collect();
    format!("{{{}}}", entries.join(","))
}

#[tokio::test]
async fn a_file_that_is_cut_off_is_refused() {
    let bench = Bench::new().await;
    let before = bench.app.live().snapshot.revision();
    assert!(refusal(&bench, &some(49)).await.contains("49 models"));
    assert!(refusal(&bench, &some(50)).await.contains("0 of the"));
    assert_eq!(bench.app.live().snapshot.revision(), before);
    bench.import(&litellm(r#""x": {}"#)).await;
}

#[test]
fn files_of_no_kind() {
    for (content, source) in [
        ("", None),
        ("prices", None),
        ("[1, 2]", None),
        ("{\"a\": ", None),
        ("[]", Some(PriceSource::Litellm)),
        ("{}", Some(PriceSource::GenaiPrices)),
    ] {
        assert!(
            PriceFile::read(content.as_bytes(), source).is_err(),
            "{content}"
        );
    }
    let marked = PriceFile::read(b"\xef\xbb\xbf {}", None).unwrap();
    assert_eq!(marked.source(), PriceSource::Litellm);
    assert_eq!(marked.model_count(), 0);
}
