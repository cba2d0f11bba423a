//! Why each field has its value: every level's value, the winner, and why the others lost.

use aiconfig_domain::{
    AdjustmentKind, Field, FieldSource, Modality, ModelFields, Snapshot, provider_of_service,
    service_of_provider,
};

use crate::ladder::{Ladder, Level, Walked};

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

/// Explains the fields of a walk.
pub(crate) fn explain(
    snapshot: &Snapshot,
    walked: &Walked<'_>,
    ladder: &Ladder<'_>,
) -> Vec<FieldExplanation> {
    let explainer = Explainer {
        snapshot,
        modality: ladder.modality,
        walked,
    };
    let fields = ladder.modality.fields().iter();
    fields
        .map(|field| FieldExplanation {
            field: *field,
            winner: walked.sources[field.index()],
            levels: match field {
                Field::Service => explainer.service(ladder),
                _ => explainer.value(*field, ladder.values.as_slice()),
            },
        })
        .collect()
}

struct Explainer<'a> {
    snapshot: &'a Snapshot,
    modality: Modality,
    walked: &'a Walked<'a>,
}

/// What a level has for a field, and what is to be said of it beyond its outcome.
struct Stands {
    value: String,
    note: String,
}

impl Explainer<'_> {
    /// The service stands at other levels than the values: those that it was chosen from.
    fn service(&self, ladder: &Ladder<'_>) -> Vec<LevelExplanation> {
        let winner = self.walked.service.source;
        let mut rows: Vec<LevelExplanation> = ladder
            .service
            .iter()
            .map(|level| {
                let gives = Ladder::model_gives_service(self.modality, level.source);
                let stands = |fields: Option<&ModelFields>| self.service_of(fields?, gives);
                let lost = if level.source < winner {
                    Outcome::Skipped
                } else {
                    Outcome::Outranked
                };
                row(
                    level.source,
                    stands(level.fields),
                    stands(level.dormant),
                    if level.source == winner {
                        Outcome::Won
                    } else {
                        lost
                    },
                )
            })
            .collect();
        rows.push(row(FieldSource::Catalog, None, None, Outcome::Unset));
        rows
    }

    fn service_of(&self, fields: &ModelFields, model_gives_service: bool) -> Option<Stands> {
        if let Some(service) = &fields.service {
            let provider = provider_of_service(self.modality, service);
            let used = provider.map(|name| service_of_provider(self.modality, &name));
            return Some(Stands {
                value: service.to_string(),
                note: match used {
                    Some(used) if used != *service => format!("used as {used}"),
                    _ => String::new(),
                },
            });
        }
        let named = fields.model.as_ref().filter(|_| model_gives_service)?;
        let model = &self.snapshot.model(named)?.value;
        self.snapshot.usable(model)?;
        (model.modality == self.modality).then(|| Stands {
            value: service_of_provider(self.modality, &model.provider).to_string(),
            note: format!("the service of its model {named}"),
        })
    }

    fn value(&self, field: Field, levels: &[Level<'_>]) -> Vec<LevelExplanation> {
        let winner = self.walked.winners[field.index()];
        let answer = self.walked.fields.get(field).map(|value| value.to_string());
        let used_as = |value: &str| match &answer {
            Some(answer) if answer != value => format!("used as {answer}"),
            _ => String::new(),
        };
        let mut rows: Vec<LevelExplanation> = levels
            .iter()
            .enumerate()
            .map(|(at, level)| {
                let outcome = match winner {
                    Some(winner) if winner == at => Outcome::Won,
                    Some(winner) if winner < at => Outcome::Outranked,
                    _ => Outcome::Skipped,
                };
                let stands = |fields: Option<&ModelFields>| {
                    let value = fields?.get(field)?.to_string();
                    let note = match outcome {
                        Outcome::Won => used_as(&value),
                        Outcome::Skipped => self.why_skipped(field, level.source, &value),
                        _ => String::new(),
                    };
                    Some(Stands { value, note })
                };
                row(
                    level.source,
                    stands(level.fields),
                    stands(level.dormant),
                    outcome,
                )
            })
            .collect();
        let catalogue = self.catalogue(field).map(|value| Stands {
            note: match winner {
                Some(winner) if winner == levels.len() => used_as(&value),
                _ => String::new(),
            },
            value,
        });
        let outcome = match winner {
            Some(winner) if winner == levels.len() => Outcome::Won,
            _ => Outcome::Outranked,
        };
        rows.push(row(FieldSource::Catalog, catalogue, None, outcome));
        rows
    }

    /// What the catalogue has for a field, whether or not it is asked.
    fn catalogue(&self, field: Field) -> Option<String> {
        if field == Field::Model {
            let provider = &self.walked.service.provider;
            let default = self.snapshot.default_model(provider, self.modality)?;
            return Some(default.model_id.to_string());
        }
        let value = self.walked.model.catalogue_value(field)?;
        Some(value.to_string())
    }

    fn why_skipped(&self, field: Field, level: FieldSource, value: &str) -> String {
        let found = self.walked.adjustments.iter().find(|note| {
            note.field == field && note.level == level && note.to.is_empty() && note.from == value
        });
        match found.map(|note| note.kind) {
            Some(AdjustmentKind::OtherProviderSkipped) => {
                format!("not a model of service {}", self.walked.service.service)
            }
            Some(AdjustmentKind::ModelInactiveSkipped) => "the model is inactive".to_owned(),
            Some(AdjustmentKind::ModelUnknownSkipped) => {
                "the catalogue has no such model".to_owned()
            }
            _ => format!("model {} does not take it", self.walked.model.model_id),
        }
    }
}

fn row(
    source: FieldSource,
    stands: Option<Stands>,
    dormant: Option<Stands>,
    outcome: Outcome,
) -> LevelExplanation {
    let (value, outcome, note) = match (stands, dormant) {
        (Some(stands), _) => (stands.value, outcome, stands.note),
        (None, Some(stands)) => (
            stands.value,
            Outcome::Dormant,
            "the row is switched off, or the plan allows none".to_owned(),
        ),
        (None, None) => (String::new(), Outcome::Unset, String::new()),
    };
    LevelExplanation {
        source,
        value,
        outcome,
        note,
    }
}
