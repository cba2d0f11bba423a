//! Random values, saves and queries.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::rules::Save;
use crate::world::{IMAGE_LISTS, V, Values, World};

/// Accounts that commands are about; one more is never registered.
pub(crate) const ACCOUNTS: i64 = 10;
pub(crate) const TYPES: [&str; 5] = [
    "text_generation",
    "openai",
    "anthropic",
    "image_generation",
    "embedding_generation",
];
const FIELDS: [&str; 11] = [
    "service",
    "model",
    "temperature",
    "max_tokens",
    "image_size",
    "image_quality",
    "image_style",
    "image_format",
    "max_in_article_images",
    "steps",
    "guidance",
];

pub(crate) struct Generator {
    pub(crate) random: StdRng,
    pub(crate) models: Vec<String>,
    pub(crate) functions: Vec<String>,
    /// Values that some model's list has, by field.
    listed: BTreeMap<String, Vec<String>>,
    pub(crate) version: i64,
}

impl Generator {
    pub(crate) fn new(seed: u64, world: &World) -> Self {
        let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for model in world.models.values() {
            for (field, values) in &model.lists {
                listed
                    .entry(field.clone())
                    .or_default()
                    .extend(values.clone());
            }
            for alias in model.aliases.keys() {
                let (field, value) = alias.split_once(':').unwrap();
                listed
                    .entry(field.to_owned())
                    .or_default()
                    .push(value.to_owned());
            }
        }
        let models = world.models.keys().cloned();
        Self {
            random: StdRng::seed_from_u64(seed),
            models: models.chain(["no-such-model".to_owned()]).collect(),
            functions: world.functions.keys().cloned().collect(),
            listed,
            version: 0,
        }
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from.choose(&mut self.random).unwrap()
    }

    pub(crate) fn id(&mut self) -> i64 {
        self.random.random_range(1..=ACCOUNTS + 1)
    }

    pub(crate) fn chance(&mut self, of_ten: u32) -> bool {
        self.random.random_range(0..10) < of_ten
    }

    /// A value that may fit a field.
    pub(crate) fn value(&mut self, field: &str) -> V {
        let whole = |number: i32| V::N(f64::from(number));
        match field {
            "service" => {
                let services = ["openai", "anthropic", "runware", "dalle", "nobody"];
                V::S(self.pick(&services).to_owned())
            }
            "model" => V::S(self.models.choose(&mut self.random).unwrap().clone()),
            "temperature" => V::N(f64::from(self.random.random_range(-1..25)) / 10.0),
            "max_tokens" => {
                let most = [1, 0, 100, 4_096, 8_192, 20_000, 100_000, 1_000_000];
                whole(*most.choose(&mut self.random).unwrap())
            }
            "max_in_article_images" => whole(self.random.random_range(-1..23)),
            "steps" => whole(self.random.random_range(-2..110)),
            "guidance" => whole(self.random.random_range(-2..55)),
            listed => {
                let known = self.listed.get(listed).cloned().unwrap_or_default();
                if known.is_empty() || self.chance(1) {
                    return V::S("9x9".to_owned());
                }
                V::S(known.choose(&mut self.random).unwrap().clone())
            }
        }
    }

    /// A field that mostly is one of a type.
    pub(crate) fn field_of(&mut self, kind: &str) -> &'static str {
        if self.chance(1) {
            return self.pick(&FIELDS);
        }
        match kind {
            "text_generation" => "service",
            "openai" | "anthropic" => self.pick(&["model", "temperature", "max_tokens"]),
            "embedding_generation" => self.pick(&["service", "model"]),
            _ => {
                let images = [
                    "service",
                    "model",
                    "max_in_article_images",
                    "steps",
                    "guidance",
                ];
                let all: Vec<&'static str> = images.into_iter().chain(IMAGE_LISTS).collect();
                self.pick(&all)
            }
        }
    }

    pub(crate) fn save(&mut self) -> Save {
        let kind = if self.chance(1) {
            self.pick(&["dalle", "gsc", "openai", "runware"])
        } else {
            self.pick(&TYPES)
        };
        let mut config = BTreeMap::new();
        for _ in 0..self.random.random_range(0..4) {
            let field = self.field_of(kind);
            let value = self.value(field);
            let value = match self.random.random_range(0..20) {
                0..3 => None,
                3 => Some(V::S("warm".to_owned())),
                _ => Some(value),
            };
            config.insert(field.to_owned(), value);
        }
        let mask = self.chance(2).then(|| {
            let mut paths: Vec<String> = config.keys().cloned().collect();
            match self.random.random_range(0..6) {
                0 => paths = vec!["*".to_owned()],
                1 => paths.truncate(1),
                2 => paths.push(self.field_of(kind).to_owned()),
                _ => {}
            }
            paths
        });
        Save {
            id: self.id(),
            kind: kind.to_owned(),
            config,
            mask: mask.filter(|paths| !paths.is_empty()),
            enabled: self.chance(1).then(|| self.random.random_bool(0.5)),
        }
    }

    pub(crate) fn query(&mut self, world: &World) -> (i64, String, Values) {
        let name = self.functions.choose(&mut self.random).unwrap().clone();
        let modality = world.functions[&name].modality.clone();
        let mut given = Values::new();
        if self.chance(3) {
            for _ in 0..self.random.random_range(1..3) {
                let kind = if modality == "text" {
                    "openai"
                } else {
                    "image_generation"
                };
                let field = self.field_of(kind);
                let value = self.value(field);
                given.insert(field.to_owned(), value);
            }
        }
        (self.id(), name, given)
    }

    pub(crate) fn view(&mut self) -> (i64, &'static str) {
        (self.id(), self.pick(&TYPES))
    }
}
