//! Why each field has its value: every level's value, the winner, and why the others lost.

use aiconfig_domain::{Field, FieldSource};

use crate::ladder::{Level, Walked};

/// What became of a level's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is the answer.
    Won,
    /// The level has none.
    Unset,
    /// A level above has one.
    Outranked,
    /// It cannot be used here.
    Skipped,
    /// It is out of force.
    Dormant,
}

/// A level's part in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelExplanation {
    /// Which level.
    pub source: FieldSource,
    /// Its value as it stands there; empty: none.
    pub value: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where that is not plain.
    pub note: String,
}

/// A field's way down the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldExplanation {
    /// The field.
    pub field: Field,
    /// The level whose value is the answer.
    pub winner: Option<FieldSource>,
    /// Every level, from the top.
    pub levels: Vec<LevelExplanation>,
}

/// Explains the fields of a walk. The service has levels of its own.
pub(crate) fn explain(
    walked: &Walked<'_>,
    wanted: &[Field],
    of_service: &[Level<'_>],
    levels: &[Level<'_>],
) -> Vec<FieldExplanation> {
    let explain_field = |field: Field| {
        let levels = if field == Field::Service {
            of_service
        } else {
            levels
        };
        let winner = walked.sources[field.index()];
        let answer = walked
            .fields
            .get(field)
            .map(|value| value.to_string())
            .unwrap_or_default();
        let mut won = false;
        let mut rows: Vec<LevelExplanation> = levels
            .iter()
            .enumerate()
            .map(|(at, level)| {
                let value = level
                    .fields
                    .and_then(|fields| fields.get(field))
                    .map(|value| value.to_string());
                let dormant = level
                    .dormant
                    .and_then(|fields| fields.get(field))
                    .map(|value| value.to_string());
                // Service and model are chosen before the walk and know their level, not its place.
                let wins = match walked.winners[field.index()] {
                    Some(winner) => winner == at,
                    None => {
                        !won && winner == Some(level.source)
                            && value.is_some()
                            && !skipped(walked, field, level.source, value.as_deref())
                    }
                };
                let by_model = field == Field::Service
                    && value.is_none()
                    && !won
                    && winner == Some(level.source);
                let wins = wins || by_model;
                let (value, outcome, note) = match (value, dormant) {
                    (None, _) if by_model => (
                        answer.clone(),
                        Outcome::Won,
                        "the provider of the model that this level names".to_owned(),
                    ),
                    (Some(value), _) if wins => {
                        let note = if value == answer {
                            String::new()
                        } else {
                            format!("used as {answer}")
                        };
                        (value, Outcome::Won, note)
                    }
                    (Some(value), _) if won => (value, Outcome::Outranked, String::new()),
                    (Some(value), _) => (
                        value,
                        Outcome::Skipped,
                        "not usable with what was selected".to_owned(),
                    ),
                    (None, Some(value)) => (
                        value,
                        Outcome::Dormant,
                        "the row is switched off, or the plan allows none".to_owned(),
                    ),
                    (None, None) => (String::new(), Outcome::Unset, String::new()),
                };
                won |= wins;
                LevelExplanation {
                    source: level.source,
                    value,
                    outcome,
                    note,
                }
            })
            .collect();
        let from_catalogue = winner == Some(FieldSource::Catalog);
        rows.push(LevelExplanation {
            source: FieldSource::Catalog,
            value: if from_catalogue {
                answer
            } else {
                String::new()
            },
            outcome: if from_catalogue {
                Outcome::Won
            } else {
                Outcome::Unset
            },
            note: String::new(),
        });
        FieldExplanation {
            field,
            winner,
            levels: rows,
        }
    };
    wanted.iter().copied().map(explain_field).collect()
}

fn skipped(walked: &Walked<'_>, field: Field, level: FieldSource, value: Option<&str>) -> bool {
    walked.adjustments.iter().any(|note| {
        note.field == field
            && note.level == level
            && note.to.is_empty()
            && Some(note.from.as_str()) == value
    })
}
