//! Taking over the prices of a public price file.

use super::models::{CreateModel, UpdateModel};
use super::{CommandContext, Decision};
use crate::price::{PriceKind, price_of_kind};
use crate::{
    Capabilities, Change, ListedModel, ListedPrice, Modality, Model, ModelField, ModelId,
    ModelPrice, PriceChange, PriceDimension, PriceImport, PriceLeft, Reason, Rejection, Snapshot,
    Timestamp,
};

/// Models that a whole price file has at least.
const FEWEST_MODELS: usize = 50;

/// Takes the prices of a price file: changes prices of models that are there, and adds others if
/// that is asked for. It never touches activity, defaults or credits.
#[derive(Clone, Debug)]
pub struct ImportPrices {
    /// The kind of file, such as `litellm`. Stored sources begin with it.
    pub family: &'static str,
    /// The source of each new row, such as `litellm 1.109.1`.
    pub source: String,
    /// Models with prices in the whole file, also those that are not in `models`.
    pub in_file: usize,
    /// The models of providers that are known here, each once.
    pub models: Vec<ListedModel>,
    /// Whether models that are not there are added, inactive.
    pub create_missing: bool,
}

impl ImportPrices {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        command.check_plausible(snapshot)?;
        let mut decision = Decision::default();
        let mut import = PriceImport::default();
        for listed in &command.models {
            let stored = snapshot.model(listed.model_id.as_str());
            let stored = stored.map(|stored| &stored.value);
            let outcome = match stored {
                Some(model) if model.provider == listed.provider => {
                    import.matched += 1;
                    update(snapshot, command, listed, model, context, &mut import)
                }
                Some(model) => Err(format!("it is a model of {} here", model.provider)),
                None if command.create_missing => {
                    create(snapshot, command, listed, context, &mut import)
                }
                None => {
                    import.missing.push(listed.model_id.clone());
                    continue;
                }
            };
            match outcome {
                Ok(changes) => decision.changes.extend(changes),
                Err(why) => import.left.push(PriceLeft {
                    model_id: listed.model_id.clone(),
                    price: None,
                    why,
                }),
            }
        }
        decision.price_import = Some(import);
        Ok(decision)
    }

    /// Refuses a file that is cut off or of another kind than it seems: under 50 models, or under
    /// half of the models that have prices from files of its kind.
    fn check_plausible(&self, snapshot: &Snapshot) -> Result<(), Rejection> {
        let refuse = |message| Err(Rejection::new(Reason::PriceFileImplausible, message));
        let in_file = self.in_file;
        if in_file < FEWEST_MODELS {
            return refuse(format!(
                "the file has prices of {in_file} models; a whole one has {FEWEST_MODELS} or more"
            ));
        }
        let (mut priced, mut found) = (0_usize, 0_usize);
        for stored in snapshot.models() {
            let model = &stored.value;
            if model.prices.iter().any(|price| self.is_own(price)) {
                priced += 1;
                let named = |listed: &ListedModel| listed.model_id == model.model_id;
                found += usize::from(self.models.iter().any(named));
            }
        }
        if found * 2 < priced {
            let family = self.family;
            return refuse(format!(
                "the file has {found} of the {priced} models that are priced from {family}; a \
                 whole one has half of them or more"
            ));
        }
        Ok(())
    }

    /// Whether a stored price is from a file of this kind.
    fn is_own(&self, price: &ModelPrice) -> bool {
        let rest = price.source.strip_prefix(self.family);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }
}

type Outcome = Result<Vec<Change>, String>;

fn update(
    snapshot: &Snapshot,
    command: &ImportPrices,
    listed: &ListedModel,
    model: &Model,
    context: &CommandContext,
    import: &mut PriceImport,
) -> Outcome {
    let mut merge = Merge {
        command,
        model,
        now: context.now,
        prices: model.prices.clone(),
        by_image: false,
        unchanged: 0,
        changes: Vec::new(),
        left: Vec::new(),
    };
    merge.run(&listed.prices);
    let value = Model {
        prices: merge.prices,
        ..model.clone()
    };
    let update = UpdateModel {
        value,
        fields: vec![ModelField::Prices],
        expected_etag: None,
    };
    let decided = UpdateModel::decide(snapshot, &update, context).map_err(|no| no.message)?;
    import.unchanged += merge.unchanged;
    import.changes.extend(merge.changes);
    import.left.extend(merge.left);
    Ok(decided.changes)
}

fn create(
    snapshot: &Snapshot,
    command: &ImportPrices,
    listed: &ListedModel,
    context: &CommandContext,
    import: &mut PriceImport,
) -> Outcome {
    let text = listed.modality == Modality::Text;
    let model = Model {
        model_id: listed.model_id.clone(),
        provider: listed.provider.clone(),
        modality: listed.modality,
        display_name: listed.model_id.to_string(),
        active: false,
        is_default: false,
        context_window: listed.context_window,
        max_output_tokens: listed.max_output_tokens.filter(|_| text),
        capabilities: Capabilities::default(),
        valid_sizes: Vec::new(),
        valid_qualities: Vec::new(),
        valid_styles: Vec::new(),
        valid_formats: Vec::new(),
        value_aliases: std::collections::BTreeMap::new(),
        tokens_per_credit: None,
        nano_credits_per_image: None,
        deprecated_at: None,
        shutdown_at: None,
        replacement: None,
        prices: Vec::new(),
    };
    let mut merge = Merge {
        command,
        model: &model,
        now: context.now,
        prices: Vec::new(),
        by_image: false,
        unchanged: 0,
        changes: Vec::new(),
        left: Vec::new(),
    };
    merge.run(&listed.prices);
    let (prices, changes, left) = (merge.prices, merge.changes, merge.left);
    let create = CreateModel {
        value: Model { prices, ..model },
    };
    let decided = CreateModel::decide(snapshot, &create, context).map_err(|no| no.message)?;
    import.created.push(listed.model_id.clone());
    import.changes.extend(changes);
    import.left.extend(left);
    Ok(decided.changes)
}

/// The prices of a model on their way from what is stored to what the file has.
struct Merge<'a> {
    command: &'a ImportPrices,
    model: &'a Model,
    now: Timestamp,
    prices: Vec<ModelPrice>,
    /// Whether the file or the catalogue has a price of an image of this model.
    by_image: bool,
    unchanged: usize,
    changes: Vec<PriceChange>,
    left: Vec<PriceLeft>,
}

impl Merge<'_> {
    fn run(&mut self, listed: &[ListedPrice]) {
        let mut kinds: Vec<PriceKind> = listed.iter().map(|price| price.kind.clone()).collect();
        kinds.sort();
        kinds.dedup();
        let stored = self.prices.iter().map(|price| price.dimension);
        let mut all = stored.chain(kinds.iter().map(|kind| kind.dimension));
        self.by_image = all.any(|dimension| dimension == PriceDimension::Image);
        for kind in &kinds {
            if let Some(why) = self.unfit(kind) {
                self.leave(kind, why);
                continue;
            }
            let of_kind: Vec<&ListedPrice> = listed.iter().filter(|p| p.kind == *kind).collect();
            self.take(kind, &of_kind);
        }
        self.end_dropped(&kinds);
    }

    /// Why the model cannot have a price of a kind; `None` if it can.
    fn unfit(&self, kind: &PriceKind) -> Option<&'static str> {
        let PriceKind { size, quality, .. } = kind;
        if kind.dimension != PriceDimension::Image {
            // A quote would count an image twice.
            let twice = self.by_image && self.model.modality == Modality::Image;
            return twice.then_some("the model is priced by the image");
        }
        if self.model.modality != Modality::Image {
            return Some("not a model of images");
        }
        let (sizes, qualities) = (&self.model.valid_sizes, &self.model.valid_qualities);
        if !size.is_empty() && !sizes.is_empty() && !sizes.iter().any(|s| **s == **size) {
            return Some("the model does not take this size");
        }
        if quality.is_empty() {
            // It is the price of the vendor's default quality, which would stand for all others.
            let one_of_many = qualities.len() > 1;
            return one_of_many.then_some("it names no quality, and the model takes several");
        }
        let known = qualities.is_empty() || qualities.iter().any(|q| **q == **quality);
        (!known).then_some("the model does not take this quality")
    }

    /// The present price of a kind, and those to come.
    fn take(&mut self, kind: &PriceKind, listed: &[&ListedPrice]) {
        let begun = |price: &&&ListedPrice| price.effective_from.is_none_or(|at| at <= self.now);
        // An undated one sorts first: it holds until the first dated one begins.
        let present = listed.iter().filter(begun).max_by_key(|p| p.effective_from);
        let present = present.map(|present| (present.micro_usd, present.effective_from));
        let coming: Vec<(i64, Timestamp)> = listed
            .iter()
            .filter_map(|price| Some((price.micro_usd, price.effective_from?)))
            .filter(|(_, at)| *at > self.now)
            .collect();
        if let Some((micro_usd, dated)) = present {
            let stored = price_of_kind(&self.prices, kind, self.now);
            let same = stored.is_some_and(|stored| stored.micro_usd == micro_usd);
            // What is stored since later than the file's date has to give way from now on.
            let from = dated.filter(|at| stored.is_none_or(|stored| stored.effective_from < *at));
            let from = from.unwrap_or(self.now);
            if same {
                self.unchanged += 1;
            } else {
                self.put(kind, micro_usd, from);
            }
        }
        for (micro_usd, at) in coming {
            let stored = price_of_kind(&self.prices, kind, at);
            if stored.is_some_and(|stored| stored.micro_usd == micro_usd) {
                self.unchanged += 1;
            } else {
                self.put(kind, micro_usd, at);
            }
        }
    }

    /// A tier that the file no longer has costs what the tier below it does; other prices that it
    /// no longer has stay, since a quote would go without.
    fn end_dropped(&mut self, listed: &[PriceKind]) {
        let stored: Vec<PriceKind> = self
            .prices
            .iter()
            .filter(|price| price.effective_from <= self.now && self.command.is_own(price))
            .map(ModelPrice::kind)
            .filter(|kind| !listed.contains(kind))
            .collect();
        for kind in stored {
            let below = listed
                .iter()
                .filter(|other| other.dimension == kind.dimension)
                .filter(|other| other.from_tokens < kind.from_tokens)
                .max_by_key(|other| other.from_tokens)
                .and_then(|other| price_of_kind(&self.prices, other, self.now));
            let Some(micro_usd) = below.map(|below| below.micro_usd) else {
                self.leave(&kind, "the file no longer has it; it stays");
                continue;
            };
            let present = price_of_kind(&self.prices, &kind, self.now);
            if present.is_some_and(|present| present.micro_usd != micro_usd) {
                self.put(&kind, micro_usd, self.now);
            }
        }
    }

    fn put(&mut self, kind: &PriceKind, micro_usd: i64, from: Timestamp) {
        let former = price_of_kind(&self.prices, kind, from).cloned();
        self.prices
            .retain(|price| price.effective_from != from || price.kind() != *kind);
        let source = self.command.source.clone();
        self.prices.push(ModelPrice {
            dimension: kind.dimension,
            micro_usd,
            from_tokens: kind.from_tokens,
            image_size: kind.size.clone(),
            image_quality: kind.quality.clone(),
            effective_from: from,
            source,
        });
        self.changes.push(PriceChange {
            model_id: self.model.model_id.clone(),
            kind: kind.clone(),
            former: former.map(|former| (former.micro_usd, former.source)),
            micro_usd,
            effective_from: from,
        });
    }

    fn leave(&mut self, kind: &PriceKind, why: &str) {
        let left = PriceLeft {
            model_id: ModelId::clone(&self.model.model_id),
            price: Some(kind.clone()),
            why: why.to_owned(),
        };
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }
}
