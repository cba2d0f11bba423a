//! Prompts of accounts: rows that were customised, beside the text that they are based on.

use aiconfig_domain::{
    AccountEntry, AccountId, AccountPrompt, Change, GlobalPrompt, PromptText, PromptType, Resource,
    ResourceKey, Timestamp, looks_like_key,
};

use super::cells::{Fields, is_blank, switch};
use super::duplicates::Dated;
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::prompts::{same_lines, usable};
use super::report::Consequence;

/// A prompt's row of an ordinary account.
pub(super) struct OwnPrompt {
    pub(super) row: RowId,
    pub(super) account: AccountId,
    pub(super) prompt_type: PromptType,
    pub(super) fields: Fields,
    /// An inactive one counts as none.
    pub(super) active: bool,
}

impl Dated for OwnPrompt {
    fn updated(&self) -> Option<Timestamp> {
        self.fields.updated()
    }
}

/// A row as it is to be stored, with its texts.
struct Wanted {
    prompt: AccountPrompt,
    texts: Vec<PromptText>,
}

/// Takes the rows; the library's prompts must be there.
pub(super) fn take(planner: &mut Planner<'_>, rows: Vec<OwnPrompt>) {
    let all: Vec<RowId> = rows.iter().map(|own| own.row).collect();
    for own in distinct(planner, rows) {
        // What an earlier import took is not looked at again.
        if !planner.is_fresh(own.row) {
            continue;
        }
        let global = planner.after.global_prompt(own.prompt_type.as_str());
        let Some(global) = global.map(|stored| stored.value.clone()) else {
            let why = "the library has no prompt of this type";
            planner.leave_out(own.row, "prompt_type", why);
            continue;
        };
        if let Ok(wanted) = customised(planner, &own, &global) {
            put(planner, &own, wanted);
        }
    }
    planner.clear_abandoned(&all, |totals| &mut totals.account_prompts);
}

/// The active rows, one of each account and type; the others are left out.
fn distinct(planner: &mut Planner<'_>, rows: Vec<OwnPrompt>) -> Vec<OwnPrompt> {
    let mut active = Vec::with_capacity(rows.len());
    for own in rows {
        if own.active {
            active.push((own.row, own));
        } else {
            let why = "it is switched off, so it counts as none";
            planner.leave_out(own.row, "is_active", why);
        }
    }
    let newest = planner.newest(
        active,
        |own| (own.account, own.prompt_type.clone()),
        "this account and prompt type",
    );
    newest.into_iter().map(|(_, own)| own).collect()
}

/// What an account made of the library's prompt, if it is another text than its base; `Err` for a
/// row that was left out.
fn customised(
    planner: &mut Planner<'_>,
    own: &OwnPrompt,
    global: &GlobalPrompt,
) -> Result<Option<Wanted>, ()> {
    let row = own.row;
    let stated = own.fields.get("is_customized").and_then(switch);
    if is_blank(own.fields.get("prompt_value")) {
        if stated != Some(false) {
            let class = Consequence::ValueDropped;
            let done = "it follows the library";
            planner.tell(row, class, "prompt_value", done, "it has no text");
        }
        return Ok(None);
    }
    let text = usable(planner, row, &own.fields).ok_or(())?;
    let base = base(planner, row, &own.fields);
    let differs = match &base {
        Some(base) => !same_lines(base.as_str(), text.as_str()),
        None => !planner.reads_as(text.as_str(), global.text),
    };
    if !differs || stated == Some(false) {
        if differs {
            let why = "is_customized is off, so it was not in force";
            let class = Consequence::ValueDropped;
            planner.tell(row, class, "prompt_value", "left out", why);
        }
        if let Some(base) = &base
            && !planner.reads_as(base.as_str(), global.text)
        {
            let done = "it follows the library, whose text is another";
            let why = "the account did not customise its old default";
            let class = Consequence::PromptReplaced;
            planner.tell(row, class, "default_prompt", done, why);
        }
        return Ok(None);
    }
    let prompt = AccountPrompt {
        account_id: own.account,
        prompt_type: own.prompt_type.clone(),
        text: text.hash(),
        default_text: base.as_ref().map_or(global.text, PromptText::hash),
        based_on_version: global.version,
    };
    let texts = std::iter::once(text).chain(base).collect();
    Ok(Some(Wanted { prompt, texts }))
}

/// The old default of a row; `None`: the library's text is its base.
fn base(planner: &mut Planner<'_>, row: RowId, fields: &Fields) -> Option<PromptText> {
    let value = fields.get("default_prompt");
    if is_blank(value) {
        return None;
    }
    let text = value.and_then(|value| value.as_str());
    let why = match text {
        Some(text) if looks_like_key(text) => {
            planner.drop_credentials(row, 1);
            "it has the shape of a provider key; no prompt holds one".to_owned()
        }
        Some(text) => match PromptText::new(text) {
            Ok(text) => return Some(text),
            Err(fault) => format!("not {fault}"),
        },
        None => "not a text".to_owned(),
    };
    let done = "dropped; the library's text is its base";
    let class = match text {
        Some(text) if looks_like_key(text) => Consequence::CredentialDropped,
        _ => Consequence::ValueDropped,
    };
    planner.tell(row, class, "default_prompt", done, why);
    None
}

fn put(planner: &mut Planner<'_>, own: &OwnPrompt, wanted: Option<Wanted>) {
    let (row, account, prompt_type) = (own.row, own.account, &own.prompt_type);
    let entry = planner.after.account(account);
    let present = entry.and_then(|entry: &AccountEntry| entry.prompt_of(prompt_type));
    let present = present.map(|row| row.of(account));
    let same = match (&present, &wanted) {
        (None, None) => return,
        // What it was based on at an earlier import stays so, as long as it says the same.
        (Some(present), Some(Wanted { prompt, .. })) => {
            (present.text, present.default_text) == (prompt.text, prompt.default_text)
        }
        _ => false,
    };
    let key = ResourceKey::AccountPrompt(account, prompt_type.clone());
    let write = planner.may_write(row, Cell::whole(key.clone()), "", same);
    if wanted.is_some() && (write || same) {
        let what = format!("prompt {prompt_type}");
        planner.tell_dormant(row, account, &what);
    }
    if write {
        planner.draft.totals.account_prompts += 1;
        let change = wanted.map_or(Change::Delete(key), |Wanted { prompt, texts }| {
            let texts = texts.into_iter().map(|text| (text.hash(), text));
            planner.texts.extend(texts);
            Change::Put(Resource::AccountPrompt(prompt))
        });
        planner.change(change);
    }
}
