//! Any sequence of commands leaves rows, versions and drift as a plain reading of the rules does.

use std::collections::BTreeMap;

use aiconfig_domain::merge::{Resolution, three_way};
use aiconfig_domain::{Plan, Record, ResetTarget, Resource, Snapshot};
use aiconfig_resolution::{PromptSource, UpstreamState};
use proptest::prelude::*;
use proptest::sample::select;

use crate::library::{Library, account, kind};

const TYPES: [&str; 2] = ["summary", "outline"];
const TEXTS: [&str; 6] = [
    "zero",
    "one {topic}\n",
    "one {topic}\ntwo\nthree\n",
    "ONE {topic}\ntwo\nthree\n",
    "one {topic}\ntwo\nTHREE\n",
    "{\"json\": {\"topic\": 1}}",
];
const TARGETS: [ResetTarget; 3] = [
    ResetTarget::AccountDefault,
    ResetTarget::CurrentGlobal,
    ResetTarget::FollowGlobal,
];

const PLANS: [Plan; 2] = [Plan::Free, Plan::Starter];

#[derive(Clone, Debug)]
enum Step {
    Create(usize, usize),
    Publish(usize, usize),
    Activate(usize, bool),
    Delete(usize),
    Plan(i64, Plan),
    Customize(i64, usize, usize),
    Reset(i64, usize, ResetTarget),
    Keep(i64, usize),
    Merge(i64, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let (id, kind, text) = (1..=3_i64, 0..TYPES.len(), 0..TEXTS.len());
    prop_oneof![
        1 => (kind.clone(), text.clone()).prop_map(|(k, t)| Step::Create(k, t)),
        3 => (kind.clone(), text.clone()).prop_map(|(k, t)| Step::Publish(k, t)),
        1 => (kind.clone(), any::<bool>()).prop_map(|(k, on)| Step::Activate(k, on)),
        1 => kind.clone().prop_map(Step::Delete),
        1 => (id.clone(), select(&PLANS[..])).prop_map(|(id, plan)| Step::Plan(id, plan)),
        4 => (id.clone(), kind.clone(), text).prop_map(|(id, k, t)| Step::Customize(id, k, t)),
        2 => (id.clone(), kind.clone(), select(&TARGETS[..]))
            .prop_map(|(id, k, target)| Step::Reset(id, k, target)),
        1 => (id.clone(), kind.clone()).prop_map(|(id, k)| Step::Keep(id, k)),
        2 => (id, kind, any::<bool>()).prop_map(|(id, k, ours)| Step::Merge(id, k, ours)),
    ]
}

/// A row, plainly: its own text, the text that it is based on, and that text's version.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    own: String,
    default: String,
    based: u32,
}

/// The rules, plainly.
#[derive(Default)]
struct Plain {
    /// Every text that a type ever had, in order.
    versions: BTreeMap<usize, Vec<String>>,
    /// Whether a type is in the library, and active.
    state: BTreeMap<usize, bool>,
    free: BTreeMap<i64, bool>,
    rows: BTreeMap<(i64, usize), Row>,
}

impl Plain {
    fn newest(&self, kind: usize) -> Option<Row> {
        let texts = self
            .versions
            .get(&kind)
            .filter(|_| self.state.get(&kind) == Some(&true))?;
        let text = texts.last()?.clone();
        Some(Row {
            own: text.clone(),
            default: text,
            based: u32::try_from(texts.len()).unwrap(),
        })
    }

    fn may(&self, id: i64) -> bool {
        !self.free.get(&id).copied().unwrap_or(true)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Create(kind, text) => {
                if !self.state.contains_key(kind) {
                    self.versions
                        .entry(*kind)
                        .or_default()
                        .push(TEXTS[*text].to_owned());
                    self.state.insert(*kind, true);
                }
            }
            Step::Publish(kind, text) => {
                let texts = self
                    .versions
                    .get_mut(kind)
                    .filter(|_| self.state.contains_key(kind));
                if let Some(texts) = texts.filter(|t| t.last().unwrap() != TEXTS[*text]) {
                    texts.push(TEXTS[*text].to_owned());
                }
            }
            Step::Activate(kind, on) => {
                self.state.entry(*kind).and_modify(|active| *active = *on);
            }
            Step::Delete(kind) => {
                self.state.remove(kind);
            }
            Step::Plan(id, plan) => {
                self.free.insert(*id, *plan == Plan::Free);
            }
            Step::Customize(id, kind, text) => {
                if let Some(newest) = self.newest(*kind).filter(|_| self.may(*id)) {
                    let row = self.rows.entry((*id, *kind)).or_insert(newest);
                    TEXTS[*text].clone_into(&mut row.own);
                }
            }
            Step::Reset(id, kind, target) => {
                let newest = self.newest(*kind);
                let Some(row) = self.rows.get_mut(&(*id, *kind)) else {
                    return;
                };
                match target {
                    ResetTarget::AccountDefault => row.own.clone_from(&row.default),
                    ResetTarget::CurrentGlobal => *row = newest.unwrap_or_else(|| row.clone()),
                    ResetTarget::FollowGlobal => {
                        self.rows.remove(&(*id, *kind));
                    }
                }
            }
            Step::Keep(id, kind) => self.rebase(*id, *kind, |own, _, _| own.to_owned()),
            Step::Merge(id, kind, ours) => self.rebase(*id, *kind, |own, base, theirs| {
                let merge = three_way(base, own, theirs);
                let side = if *ours {
                    Resolution::Ours
                } else {
                    Resolution::Theirs
                };
                let choices = vec![side; merge.conflicts().count()];
                merge.resolve(&choices).unwrap()
            }),
        }
    }

    fn rebase(&mut self, id: i64, kind: usize, own: impl Fn(&str, &str, &str) -> String) {
        let newest = self.newest(kind).filter(|_| self.may(id));
        if let (Some(newest), Some(row)) = (newest, self.rows.get_mut(&(id, kind))) {
            *row = Row {
                own: own(&row.own, &row.default, &newest.default),
                ..newest
            };
        }
    }

    /// Texts newer than a version, each other than the one before it.
    fn behind(&self, kind: usize, based: u32) -> usize {
        let texts = &self.versions[&kind];
        let from = usize::try_from(based).unwrap();
        (from..texts.len())
            .filter(|at| texts[*at] != texts[at - 1])
            .count()
    }
}

fn run(library: &mut Library, step: &Step) {
    let side = |ours: bool| {
        if ours {
            Resolution::Ours
        } else {
            Resolution::Theirs
        }
    };
    let _ = match step {
        Step::Create(kind, text) => library.create(TYPES[*kind], TEXTS[*text]),
        Step::Publish(kind, text) => library.publish(TYPES[*kind], TEXTS[*text]),
        Step::Activate(kind, on) => library.activate(TYPES[*kind], *on),
        Step::Delete(kind) => library.delete(TYPES[*kind]),
        Step::Plan(id, plan) => {
            library.push(*id, *plan, true);
            return;
        }
        Step::Customize(id, kind, text) => library.customize(*id, TYPES[*kind], TEXTS[*text]),
        Step::Reset(id, kind, target) => library.reset(*id, TYPES[*kind], *target),
        Step::Keep(id, name) => {
            let keep = aiconfig_domain::AcknowledgePrompt {
                account_id: account(*id),
                prompt_type: kind(TYPES[*name]),
                expected_etag: None,
            };
            library.run(&aiconfig_domain::Command::AcknowledgePrompt(keep))
        }
        Step::Merge(id, kind, ours) => library.merge(*id, TYPES[*kind], &side(*ours)),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn rows_and_drift_are_as_the_rules_say(steps in prop::collection::vec(step(), 1..60)) {
        let mut library = Library::default();
        let mut plain = Plain::default();
        for id in 1..=3 {
            library.push(id, Plan::Starter, true);
            plain.free.insert(id, false);
        }
        for step in &steps {
            run(&mut library, step);
            plain.take(step);
            for id in 1..=3 {
                for (at, name) in TYPES.iter().enumerate() {
                    compare(&library, &plain, id, at, name)?;
                }
            }
        }
    }

    #[test]
    fn a_restored_state_has_the_same_digest(steps in prop::collection::vec(step(), 1..40)) {
        let mut library = Library::default();
        for id in 1..=3 {
            library.push(id, Plan::Starter, true);
        }
        for step in &steps {
            run(&mut library, step);
        }
        let mut again = Snapshot::new();
        let snapshot = &library.snapshot;
        let mut resources: Vec<Resource> = Vec::new();
        for entry in snapshot.accounts_after(None) {
            resources.push(Resource::Account(entry.state.value.clone()));
            let id = entry.state.value.account_id();
            resources.extend(entry.prompts().iter().map(|p| Resource::AccountPrompt(p.of(id))));
        }
        resources.extend(snapshot.global_prompts().map(|p| Resource::GlobalPrompt(p.value.clone())));
        for name in TYPES {
            let name = kind(name);
            let versions = snapshot.prompt_versions(&name);
            resources.extend(versions.map(|v| Resource::PromptVersion(v.value.clone())));
        }
        for resource in resources {
            again.apply(&Record {
                change: aiconfig_domain::Change::Put(resource),
                revision: 1,
                time: aiconfig_domain::Timestamp::from_micros(1),
                actor: "test".into(),
            });
        }
        prop_assert_eq!(again.digest(), snapshot.digest());
        prop_assert_eq!(again.resource_count(), snapshot.resource_count());
    }
}

fn compare(
    library: &Library,
    plain: &Plain,
    id: i64,
    at: usize,
    name: &str,
) -> Result<(), TestCaseError> {
    let row = plain.rows.get(&(id, at));
    let in_force = row.filter(|_| plain.may(id));
    let newest = plain.newest(at);
    let Ok(held) = library.held(id, name) else {
        prop_assert!(in_force.is_none() && newest.is_none());
        return Ok(());
    };
    let text = library.texts[&held.text].to_string();
    let Some(row) = in_force else {
        prop_assert_eq!(held.source, PromptSource::Global);
        prop_assert_eq!(held.upstream_state, UpstreamState::Following);
        prop_assert_eq!(Some(text), newest.map(|newest| newest.own));
        prop_assert_eq!(held.is_dormant(), row.is_some());
        return Ok(());
    };
    let stored = held.row.unwrap();
    prop_assert_eq!(&text, &row.own);
    prop_assert_eq!(
        library.texts[&stored.default_text()].to_string(),
        row.default.clone()
    );
    prop_assert_eq!(stored.based_on_version(), row.based);
    prop_assert_eq!(stored.is_customized(), row.own != row.default);
    let source = if stored.is_customized() {
        PromptSource::AccountCustom
    } else {
        PromptSource::AccountDefault
    };
    prop_assert_eq!(held.source, source);
    let behind = plain.behind(at, row.based);
    prop_assert_eq!(usize::try_from(held.behind_by).unwrap(), behind);
    let state = match (newest.is_some(), behind) {
        (false, _) => UpstreamState::UpstreamRetired,
        (true, 0) => UpstreamState::CustomCurrent,
        (true, _) => UpstreamState::CustomBehind,
    };
    prop_assert_eq!(held.upstream_state, state);
    Ok(())
}
