//! Who sees which text, written from the rules.

use crate::world::{No, World, no};

/// A type of the library: its texts from the first version on, and whether it is there, and active.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) texts: Vec<String>,
    pub(crate) active: Option<bool>,
}

/// A row of an account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) own: String,
    pub(crate) default: String,
    pub(crate) based: u32,
}

/// What holds for an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Held {
    pub(crate) text: String,
    pub(crate) source: &'static str,
    pub(crate) customized: bool,
    pub(crate) based: u32,
    pub(crate) version: u32,
    pub(crate) state: &'static str,
    pub(crate) behind: u32,
    pub(crate) dormant: bool,
    pub(crate) known: bool,
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap()
}

impl World {
    fn shelf(&self, name: &str) -> Shelf {
        self.prompts.get(name).cloned().unwrap_or_default()
    }

    /// The library's text for what is based on it.
    fn newest(&self, name: &str) -> Result<Row, No> {
        let kept = self.shelf(name);
        let Some(text) = kept.texts.last() else {
            return no("PROMPT_NOT_FOUND");
        };
        if kept.active != Some(true) {
            return no("PROMPT_INACTIVE");
        }
        Ok(Row {
            own: text.clone(),
            default: text.clone(),
            based: number(kept.texts.len()),
        })
    }

    pub(crate) fn create_prompt(&mut self, name: &str, text: &str) -> Result<(), No> {
        let kept = self.prompts.entry(name.to_owned()).or_default();
        if kept.active.is_some() {
            return no("ALREADY_EXISTS");
        }
        kept.texts.push(text.to_owned());
        kept.active = Some(true);
        Ok(())
    }

    fn in_library(&mut self, name: &str) -> Result<&mut Shelf, No> {
        let kept = self
            .prompts
            .get_mut(name)
            .filter(|kept| kept.active.is_some());
        kept.map_or_else(|| no("PROMPT_NOT_FOUND"), Ok)
    }

    pub(crate) fn publish(&mut self, name: &str, text: &str) -> Result<(), No> {
        let kept = self.in_library(name)?;
        if kept.texts.last().is_none_or(|last| last != text) {
            kept.texts.push(text.to_owned());
        }
        Ok(())
    }

    pub(crate) fn restore(&mut self, name: &str, version: usize) -> Result<(), No> {
        let kept = self.in_library(name)?;
        let Some(text) = kept.texts.get(version.wrapping_sub(1)).cloned() else {
            return no("PROMPT_VERSION_NOT_FOUND");
        };
        self.publish(name, &text)
    }

    pub(crate) fn activate(&mut self, name: &str, active: bool) -> Result<(), No> {
        self.in_library(name)?.active = Some(active);
        Ok(())
    }

    pub(crate) fn increment(&mut self, name: &str) -> Result<(), No> {
        let kept = self.in_library(name)?;
        let last = kept.texts.last().unwrap().clone();
        kept.texts.push(last);
        Ok(())
    }

    pub(crate) fn delete_prompt(&mut self, name: &str) -> Result<(), No> {
        self.in_library(name)?;
        if self.in_use(name) {
            return no("RESOURCE_IN_USE");
        }
        self.in_library(name)?.active = None;
        Ok(())
    }

    fn overriding(&self, id: i64) -> Result<(), No> {
        if Self::may_override(&self.registered(id)?.plan) {
            Ok(())
        } else {
            no("PLAN_FORBIDS_OVERRIDES")
        }
    }

    fn row_of(&mut self, id: i64, name: &str) -> Option<&mut Row> {
        self.accounts.get_mut(&id)?.prompts.get_mut(name)
    }

    pub(crate) fn customize(&mut self, id: i64, name: &str, text: &str) -> Result<(), No> {
        self.overriding(id)?;
        let newest = self.newest(name)?;
        let rows = &mut self.accounts.get_mut(&id).unwrap().prompts;
        let row = rows.entry(name.to_owned()).or_insert(newest);
        text.clone_into(&mut row.own);
        Ok(())
    }

    pub(crate) fn reset_prompt(&mut self, id: i64, name: &str, target: &str) -> Result<(), No> {
        self.registered(id)?;
        let newest = self.newest(name);
        let never = self.shelf(name).texts.is_empty();
        let Some(row) = self.row_of(id, name) else {
            return if never {
                no("PROMPT_NOT_FOUND")
            } else {
                Ok(())
            };
        };
        match target {
            "ACCOUNT_DEFAULT" => row.own.clone_from(&row.default),
            "CURRENT_GLOBAL" => *row = newest?,
            _ => {
                self.accounts.get_mut(&id).unwrap().prompts.remove(name);
            }
        }
        Ok(())
    }

    pub(crate) fn keep(&mut self, id: i64, name: &str) -> Result<(), No> {
        self.overriding(id)?;
        let newest = self.newest(name)?;
        let Some(row) = self.row_of(id, name) else {
            return no("PROMPT_NOT_CUSTOMIZED");
        };
        let own = row.own.clone();
        *row = Row { own, ..newest };
        Ok(())
    }

    /// A merge, line by line; where both sides changed a line, one of them is taken throughout.
    pub(crate) fn merge(&mut self, id: i64, name: &str, ours: bool) -> Result<(), No> {
        self.overriding(id)?;
        let newest = self.newest(name)?;
        let Some(row) = self.row_of(id, name) else {
            return no("PROMPT_NOT_CUSTOMIZED");
        };
        let (own, base) = (row.own.lines(), row.default.lines());
        let mut merged = String::new();
        for ((own, base), theirs) in own.zip(base).zip(newest.own.lines()) {
            let takes_own = own != base && (theirs == base || ours);
            let line = if takes_own { own } else { theirs };
            merged.push_str(line);
            merged.push('\n');
        }
        *row = Row {
            own: merged,
            ..newest
        };
        Ok(())
    }

    /// What holds, for a job (`views` false) or in a view.
    pub(crate) fn held(&self, id: i64, name: &str, views: bool) -> Result<Held, No> {
        let account = self.accounts.get(&id);
        if views {
            self.registered(id)?;
        } else if account.is_some_and(|account| account.deleted || !account.active) {
            return no("ACCOUNT_INACTIVE");
        }
        let may = account.is_some_and(|account| Self::may_override(&account.plan));
        let stored = account.and_then(|account| account.prompts.get(name));
        let kept = self.shelf(name);
        let version = if kept.active.is_some() {
            number(kept.texts.len())
        } else {
            0
        };
        let common = Held {
            version,
            dormant: stored.is_some() && !may,
            known: account.is_some(),
            ..Held::default()
        };
        let Some(row) = stored.filter(|_| may) else {
            let text = kept.texts.last().filter(|_| kept.active == Some(true));
            let Some(text) = text else {
                return no("PROMPT_NOT_FOUND");
            };
            return Ok(Held {
                text: text.clone(),
                source: "GLOBAL",
                state: "FOLLOWING",
                ..common
            });
        };
        let mut behind = 0;
        for at in usize::try_from(row.based).unwrap()..kept.texts.len() {
            behind += u32::from(kept.texts[at] != kept.texts[at - 1]);
        }
        let customized = row.own != row.default;
        Ok(Held {
            text: row.own.clone(),
            source: if customized {
                "ACCOUNT_CUSTOM"
            } else {
                "ACCOUNT_DEFAULT"
            },
            customized,
            based: row.based,
            state: match (kept.active, behind) {
                (Some(true), 0) => "CUSTOM_CURRENT",
                (Some(true), _) => "CUSTOM_BEHIND",
                _ => "UPSTREAM_RETIRED",
            },
            behind,
            ..common
        })
    }
}
