//! Puts many accounts and prompts straight into the store: calls would take hours for a million.

use std::time::Duration;

use aiconfig_bench::population::resources;
use aiconfig_bench::prompts::{TYPES, customised, library_text, own_text};
use aiconfig_domain::{
    AccountId, AccountPrompt, CODEC_VERSION, PromptType, Resource, TextHash, encode,
};
use aiconfig_persistence::{Change, ChangeRow, Commit, Head, Store, StoreConfig, TextRow};

use crate::Failure;

/// Accounts of one revision; with their rows they stay below a bulk change.
const STEP: u32 = 1_500;
/// How long a call to the database may take: where the disk is busy, a large change takes long.
const CALL: Duration = Duration::from_secs(30);

/// Writes accounts 1 to `accounts`, with their rows, to the database of a stopped server.
pub(crate) async fn fill(url: &str, accounts: u32) -> Result<(), Failure> {
    let store = open(url).await?;
    for first in (1..=accounts).step_by(STEP as usize) {
        let last = accounts.min(first + STEP - 1);
        let rows = (first..=last).flat_map(resources);
        commit(&store, rows.map(|r| row(&r)).collect(), Vec::new()).await?;
    }
    store.close().await?;
    Ok(())
}

/// Writes the prompts of those accounts that customised theirs, each based on the library's first
/// text, to the database of a stopped server; returns how many there are.
pub(crate) async fn customise(url: &str, accounts: u32) -> Result<u32, Failure> {
    let store = open(url).await?;
    let based: Vec<TextHash> = (0..TYPES.len())
        .map(|place| TextHash::of(&library_text(place)))
        .collect();
    let mut count = 0;
    // Ten times as many accounts as in a step of rows: one in ten has any.
    for first in (1..=accounts).step_by(10 * STEP as usize) {
        let last = accounts.min(first + 10 * STEP - 1);
        let (mut changes, mut texts) = (Vec::new(), Vec::new());
        for account in (first..=last).filter(|account| customised(*account)) {
            for (place, (name, default_text)) in TYPES.iter().zip(&based).enumerate() {
                let text = own_text(account, place);
                let prompt = AccountPrompt {
                    account_id: AccountId::new(account.into()).ok_or("not an account")?,
                    prompt_type: PromptType::parse(name).ok_or("not a prompt type")?,
                    text: TextHash::of(&text),
                    default_text: *default_text,
                    based_on_version: 1,
                };
                texts.push(TextRow {
                    hash: prompt.text.as_bytes().to_vec(),
                    value: text.into(),
                });
                changes.push(row(&Resource::AccountPrompt(prompt)));
                count += 1;
            }
        }
        commit(&store, changes, texts).await?;
    }
    store.close().await?;
    Ok(count)
}

async fn open(url: &str) -> Result<Store, Failure> {
    let mut config = StoreConfig::new(url.to_owned().into());
    config.call_timeout = CALL;
    Ok(Store::connect(&config).await?)
}

/// Writes one revision.
async fn commit(
    store: &Store,
    changes: Vec<ChangeRow>,
    texts: Vec<TextRow>,
) -> Result<(), Failure> {
    let transaction = store.begin_write().await?;
    let head = transaction.head().clone();
    let revision = head.revision + 1;
    let commit = Commit {
        revision: Some(revision),
        time_us: head.log_time_us,
        updated_by: "bench".to_owned(),
        changes,
        texts,
        side: Vec::new(),
        audit: None,
        answer: None,
        ledger: Vec::new(),
        new_head: Head { revision, ..head },
    };
    transaction.commit(commit).await?;
    Ok(())
}

fn row(resource: &Resource) -> ChangeRow {
    let key = resource.key();
    ChangeRow {
        kind: key.kind().as_str().to_owned(),
        key: key.to_string(),
        change: Change::Put {
            codec: CODEC_VERSION,
            value: encode(resource),
        },
    }
}
