//! Which prompt holds for an account (section 5).

use aiconfig_domain::merge::behind_by;
use aiconfig_domain::template::Variables;
use aiconfig_domain::{
    AccountEntry, AccountId, GlobalPrompt, Plan, PromptRow, PromptType, Rejection, Snapshot,
    TextHash, prompt_etag,
};

/// Where a text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromptSource {
    /// The account's own text.
    AccountCustom,
    /// The account's row, which holds the library's text of some time.
    AccountDefault,
    /// The library.
    Global,
}

/// How an account's row stands to the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamState {
    /// There is no row in force.
    Following,
    /// The row is based on the library's text of now.
    CustomCurrent,
    /// The library has newer texts.
    CustomBehind,
    /// The library has the prompt no more, or it is inactive.
    UpstreamRetired,
}

/// The prompt that holds for an account.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectivePrompt<'a> {
    /// Whose.
    pub account_id: AccountId,
    /// Of which type.
    pub prompt_type: PromptType,
    /// The text.
    pub text: TextHash,
    /// Where it is from.
    pub source: PromptSource,
    /// The account's row, if it is in force.
    pub row: Option<&'a PromptRow>,
    /// The library's version of now; 0: none.
    pub global_version: u32,
    /// How the row stands to the library.
    pub upstream_state: UpstreamState,
    /// Newer texts of the library than the one that the row is based on.
    pub behind_by: u32,
    /// The placeholders.
    pub variables: Option<&'a Variables>,
    /// Whether the account is registered.
    pub account_known: bool,
    /// The account's row, in force or not.
    pub stored: Option<&'a PromptRow>,
}

impl EffectivePrompt<'_> {
    /// Whether the plan keeps a row of the account out of force.
    #[must_use]
    pub const fn is_dormant(&self) -> bool {
        self.stored.is_some() && self.row.is_none()
    }

    /// The etag of the account's row.
    #[must_use]
    pub fn etag(&self) -> String {
        prompt_etag(self.account_id, self.stored)
    }
}

/// The prompt that holds for an account's job. One that is not registered is answered as a FREE
/// one without rows.
///
/// # Errors
/// `ACCOUNT_INACTIVE`, `PROMPT_NOT_FOUND` where none holds.
pub fn effective_prompt<'a>(
    snapshot: &'a Snapshot,
    account: AccountId,
    prompt_type: &PromptType,
) -> Result<EffectivePrompt<'a>, Rejection> {
    let entry = snapshot.account(account);
    match entry.map(AccountEntry::live) {
        None => {}
        Some(Some(live)) if live.active => {}
        Some(_) => return Err(Rejection::account_inactive(account)),
    }
    held(snapshot, account, entry, prompt_type)
        .ok_or_else(|| Rejection::prompt_not_found(prompt_type))
}

/// The prompt that a view of a registered account shows, active or not.
///
/// # Errors
/// `ACCOUNT_NOT_FOUND`, `PROMPT_NOT_FOUND` where none holds.
pub fn shown_prompt<'a>(
    snapshot: &'a Snapshot,
    account: AccountId,
    prompt_type: &PromptType,
) -> Result<EffectivePrompt<'a>, Rejection> {
    let entry = registered(snapshot, account)?;
    held(snapshot, account, Some(entry), prompt_type)
        .ok_or_else(|| Rejection::prompt_not_found(prompt_type))
}

/// Every prompt that holds for a registered account, by type.
///
/// # Errors
/// `ACCOUNT_NOT_FOUND`.
pub fn account_prompts(
    snapshot: &Snapshot,
    account: AccountId,
) -> Result<Vec<EffectivePrompt<'_>>, Rejection> {
    let entry = registered(snapshot, account)?;
    let own = entry.prompts().iter().map(PromptRow::prompt_type);
    let library = snapshot
        .global_prompts()
        .map(|prompt| &prompt.value.prompt_type);
    let types: std::collections::BTreeSet<&PromptType> = own.chain(library).collect();
    let held = |prompt_type| held(snapshot, account, Some(entry), prompt_type);
    Ok(types.into_iter().filter_map(held).collect())
}

/// The row of an account that may be merged, with the library's active prompt beside it.
///
/// # Errors
/// `ACCOUNT_NOT_FOUND`, `PROMPT_NOT_FOUND`, `PROMPT_INACTIVE`,
/// `PROMPT_NOT_CUSTOMIZED`.
pub fn mergeable<'a>(
    snapshot: &'a Snapshot,
    account: AccountId,
    prompt_type: &PromptType,
) -> Result<(&'a PromptRow, &'a GlobalPrompt), Rejection> {
    let entry = registered(snapshot, account)?;
    let global = snapshot.active_prompt(prompt_type)?;
    let row = entry.prompt_of(prompt_type);
    row.map(|row| (row, global))
        .ok_or_else(|| Rejection::prompt_not_customized(account, prompt_type))
}

fn registered(snapshot: &Snapshot, account: AccountId) -> Result<&AccountEntry, Rejection> {
    let entry = snapshot.account(account);
    entry
        .filter(|entry| entry.live().is_some())
        .ok_or_else(|| Rejection::account_not_registered(account))
}

fn held<'a>(
    snapshot: &'a Snapshot,
    account_id: AccountId,
    entry: Option<&'a AccountEntry>,
    prompt_type: &PromptType,
) -> Option<EffectivePrompt<'a>> {
    let plan = entry.and_then(AccountEntry::live).map(|live| live.plan);
    let may_override = plan.unwrap_or(Plan::Free).rules().may_override;
    let stored = entry.and_then(|entry| entry.prompt_of(prompt_type));
    let row = stored.filter(|_| may_override);
    let global = snapshot.global_prompt(prompt_type.as_str());
    let global = global.map(|stored| &stored.value);
    let active = global.filter(|global| global.active);
    let (text, source) = match row {
        Some(row) if row.is_customized() => (row.text(), PromptSource::AccountCustom),
        Some(row) => (row.default_text(), PromptSource::AccountDefault),
        None => (active?.text, PromptSource::Global),
    };
    let behind = row.map_or(0, |row| {
        let based = row.based_on_version();
        let versions = snapshot.prompt_versions_from(prompt_type, based);
        let history = versions.map(|version| (version.value.version, version.value.text));
        behind_by(based, history)
    });
    let upstream_state = match row {
        None => UpstreamState::Following,
        Some(_) if active.is_none() => UpstreamState::UpstreamRetired,
        Some(_) if behind > 0 => UpstreamState::CustomBehind,
        Some(_) => UpstreamState::CustomCurrent,
    };
    // A prompt that the library has no more keeps the placeholders of its last version.
    let last = || snapshot.prompt_versions(prompt_type).next_back();
    let variables = global.map(|global| &global.variables);
    Some(EffectivePrompt {
        account_id,
        prompt_type: prompt_type.clone(),
        text,
        source,
        row,
        global_version: global.map_or(0, |global| global.version),
        upstream_state,
        behind_by: behind,
        variables: variables.or_else(|| last().map(|version| &version.value.variables)),
        account_known: entry.is_some(),
        stored,
    })
}
