//! `GetModelConfig`: for this function and this account, which model and which parameters
//! (section 4).

use std::cell::OnceCell;
use std::sync::Arc;

use aiconfig_domain::{
    AccountEntry, AccountId, Adjustment, Field, FieldSource, Function, FunctionName,
    IntegrationType, Modality, Model, ModelFields, ModelId, ModelPrice, Module, ModuleOff, Plan,
    ProviderName, Reason, Rejection, Snapshot, Timestamp, prices_at,
};

use crate::explain::{FieldExplanation, explain};
use crate::ladder::{Ladder, Level, Levels, Sources, Walked, walk};
use crate::request::{Names, check_names, check_values, retired_model};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Query {
    /// For which function.
    pub function: FunctionName,
    /// For which account.
    pub account: AccountId,
    /// Values of this call.
    pub overrides: ModelFields,
    /// Whether the whole ladder is wanted.
    pub explain: bool,
}

/// The answer without the key. What the state has is borrowed from it: the answer is written out
/// before the state is let go, and shared counters would be what all threads wait for.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// The plan that the account is treated by.
    pub plan: Plan,
    /// What is produced.
    pub modality: Modality,
    /// The name that users see.
    pub service: Arc<str>,
    /// The provider behind it.
    pub provider: &'a ProviderName,
    /// The model.
    pub model: &'a ModelId,
    /// Every value, service and model too.
    pub fields: ModelFields,
    /// Where each value is from.
    pub sources: Sources,
    /// What was changed or passed over on the way.
    pub adjustments: Vec<Adjustment>,
    /// Whether nothing is from the account or the call.
    pub using_global: bool,
    /// Whether the account is registered.
    pub account_known: bool,
    /// Whether the plan keeps rows of the account out of force that this call would read.
    pub dormant_overrides: bool,
    /// The model's prices in effect.
    pub prices: Vec<&'a ModelPrice>,
    /// The prompt types of the function.
    pub prompt_types: &'a [String],
    /// The whole ladder, if it was asked for.
    pub explanation: Option<Vec<FieldExplanation>>,
}

/// Resolves a query on a state.
///
/// # Errors
/// In this order: the function, the account, the module, the plan, the values of the call; then
/// that no level yields a model.
pub fn resolve<'a>(
    snapshot: &'a Snapshot,
    query: &Query,
    now: Timestamp,
) -> Result<Resolved<'a>, Rejection> {
    let function = find_function(snapshot, &query.function)?;
    let entry = snapshot.account(query.account);
    let plan = match entry.map(|entry| entry.live()) {
        None => Plan::Free,
        Some(Some(account)) if account.active => account.plan,
        Some(_) => return Err(Rejection::account_inactive(query.account)),
    };
    check_module(snapshot, function, entry, query.account)?;
    let may_override = plan.rules().may_override;
    let given = &query.overrides;
    let lowers_only = function.modality == Modality::Text
        && given.set_fields().all(|field| field == Field::MaxTokens);
    if !may_override && !given.is_empty() && !lowers_only {
        return Err(plan_forbids(query.account, plan));
    }
    let mut call = Call::new(snapshot, function, entry, may_override);
    if query.explain {
        call.read_rows();
    }
    if !may_override && !given.is_empty() {
        let (nothing, row) = (ModelFields::default(), OnceCell::new());
        let without = call.walk(&nothing, &row).ok();
        let without = without.and_then(|(walked, _)| walked.fields.max_tokens);
        if given.max_tokens > without && without.is_some() {
            return Err(plan_forbids(query.account, plan));
        }
    }
    let row = OnceCell::new();
    let (walked, ladder) = call.with_values(given, &row)?;
    let used = |source: Option<FieldSource>| {
        matches!(source, Some(FieldSource::Account | FieldSource::Request))
    };
    let dormant = !may_override && call.reads_enabled_row(&walked.service.provider);
    let explanation = query.explain.then(|| explain(snapshot, &walked, &ladder));
    Ok(Resolved {
        plan,
        modality: function.modality,
        using_global: !walked.sources.iter().any(|source| used(*source)),
        account_known: entry.is_some(),
        dormant_overrides: dormant,
        prices: prices_at(&walked.model.prices, now),
        prompt_types: &function.prompt_types,
        explanation,
        service: walked.service.service,
        provider: &walked.model.provider,
        model: &walked.model.model_id,
        fields: walked.fields,
        sources: walked.sources,
        adjustments: walked.adjustments,
    })
}

/// A function by its name.
pub(crate) fn find_function<'a>(
    snapshot: &'a Snapshot,
    name: &FunctionName,
) -> Result<&'a Function, Rejection> {
    let found = snapshot.function(name.as_str());
    found
        .map(|stored| &stored.value)
        .ok_or_else(|| unknown_function(snapshot, name))
}

/// Refuses a function whose module is off. One without a module is never blocked.
fn check_module(
    snapshot: &Snapshot,
    function: &Function,
    entry: Option<&AccountEntry>,
    account: AccountId,
) -> Result<(), Rejection> {
    let Some(module) = Module::parse(&function.module) else {
        return Ok(());
    };
    let (by, who) = match snapshot.module_off_for(entry, module) {
        None => return Ok(()),
        Some(ModuleOff::Platform) => ("platform", "the platform".to_owned()),
        Some(ModuleOff::Account) => ("account", format!("account {account}")),
    };
    let module = module.as_str();
    let message = format!(
        "module {module} of {} is switched off by {who}",
        function.name
    );
    let rejection = Rejection::new(Reason::ModuleDisabled, message);
    Err(rejection
        .with("module", module)
        .with("off_by", by)
        .about("Function", function.name.as_str()))
}

/// What a function resolves to for a quote: the model and the image fields of its calls.
pub(crate) fn resolve_for_quote<'a>(
    snapshot: &'a Snapshot,
    function: &'a Function,
    account: AccountId,
) -> Result<(&'a Model, ModelFields), Rejection> {
    let entry = snapshot
        .account(account)
        .filter(|entry| entry.live().is_some());
    let plan = entry.and_then(|entry| entry.live()).map(|live| live.plan);
    let may_override = plan.unwrap_or(Plan::Free).rules().may_override;
    let call = Call::new(snapshot, function, entry, may_override);
    let (nothing, row) = (ModelFields::default(), OnceCell::new());
    let (walked, _) = call.walk(&nothing, &row)?;
    Ok((walked.model, walked.fields))
}

/// The switch and the values of a row of the account.
type Row = Option<(bool, ModelFields)>;

struct Call<'a> {
    snapshot: &'a Snapshot,
    function: &'a Function,
    entry: Option<&'a AccountEntry>,
    may_override: bool,
    /// Whether rows are read: those that the plan keeps out of force only explain.
    reads_rows: bool,
    /// The row that decides on the service.
    general_row: Row,
}

impl<'a> Call<'a> {
    fn new(
        snapshot: &'a Snapshot,
        function: &'a Function,
        entry: Option<&'a AccountEntry>,
        may_override: bool,
    ) -> Self {
        let mut call = Self {
            snapshot,
            function,
            entry,
            may_override,
            reads_rows: false,
            general_row: None,
        };
        if may_override {
            call.read_rows();
        }
        call
    }

    /// Reads the account's rows, whether or not they are in force.
    fn read_rows(&mut self) {
        self.reads_rows = true;
        let general = IntegrationType::general(self.function.modality);
        self.general_row = self.row(general.as_str());
    }

    fn row(&self, kind: &str) -> Row {
        let entry = self.entry.filter(|_| self.reads_rows)?;
        entry.overrides.values_of(kind)
    }

    /// Walks the ladder; the row of the service's provider is kept for it.
    fn walk<'r>(
        &'r self,
        given: &'r ModelFields,
        row: &'r OnceCell<Row>,
    ) -> Result<(Walked<'a>, Ladder<'r>), Rejection> {
        let modality = self.function.modality;
        let general = IntegrationType::general(modality);
        let of_service = self.levels(given, &self.general_row, general.as_str());
        let service = Ladder::select_service(self.snapshot, modality, &of_service)
            .ok_or_else(|| self.unconfigured("no level gives a service"))?;
        let own = service.provider.as_str();
        let values = match modality {
            Modality::Text => {
                let row = row.get_or_init(|| self.row(own));
                Levels::new(self.levels(given, row, own), None)
            }
            Modality::Image => Levels::new(of_service, Some(self.global(own))),
            Modality::Embedding => Levels::new(of_service, None),
        };
        let wanted = modality.fields();
        let levels = values.as_slice();
        match walk(self.snapshot, modality, service, wanted, levels) {
            Ok(walked) => {
                let ladder = Ladder {
                    modality,
                    service: of_service,
                    values,
                };
                Ok((walked, ladder))
            }
            Err(service) => {
                let name = service.service;
                Err(self.unconfigured(&format!("service {name} has no usable model")))
            }
        }
    }

    /// The levels of a type, from the top.
    fn levels<'r>(&self, given: &'r ModelFields, row: &'r Row, kind: &str) -> [Level<'r>; 4]
    where
        'a: 'r,
    {
        let in_force = |enabled: &bool| *enabled && self.may_override;
        let account = Level {
            source: FieldSource::Account,
            fields: row
                .as_ref()
                .filter(|row| in_force(&row.0))
                .map(|row| &row.1),
            dormant: row
                .as_ref()
                .filter(|row| !in_force(&row.0))
                .map(|row| &row.1),
        };
        [
            Level::in_force(FieldSource::Request, Some(given)),
            account,
            Level::in_force(FieldSource::Function, Some(&self.function.defaults)),
            self.global(kind),
        ]
    }

    fn global(&self, kind: &str) -> Level<'a> {
        let globals = self.snapshot.globals();
        let section = globals.and_then(|globals| globals.value.section(kind));
        Level::in_force(FieldSource::Global, section)
    }

    /// The walk of a call that gives values: each is checked first, by the model that it would be
    /// used with.
    fn with_values<'r>(
        &'r self,
        given: &'r ModelFields,
        row: &'r OnceCell<Row>,
    ) -> Result<(Walked<'a>, Ladder<'r>), Rejection> {
        if given.is_empty() {
            return self.walk(given, row);
        }
        let modality = self.function.modality;
        let Names {
            mut violations,
            known,
            model: named,
        } = check_names(self.snapshot, modality, given);
        let retired = named.filter(|model| !model.active);
        let walked = self.walk(given, row);
        let model = match (retired, &walked) {
            (Some(model), _) => Some(self.snapshot.usable(model).unwrap_or(model)),
            (None, Ok(walked)) if known => Some(walked.0.model),
            (None, _) => None,
        };
        violations.extend(check_values(modality, model, given));
        if !violations.is_empty() {
            return Err(Rejection::invalid(violations));
        }
        match retired {
            Some(model) => Err(retired_model(self.snapshot, model)),
            None => walked,
        }
    }

    fn reads_enabled_row(&self, provider: &ProviderName) -> bool {
        let modality = self.function.modality;
        let general = IntegrationType::general(modality);
        let own = (modality == Modality::Text).then_some(provider.as_str());
        self.entry.is_some_and(|entry| {
            let mut kinds = entry.overrides.enabled_types();
            kinds.any(|kind| kind == general.as_str() || Some(kind) == own)
        })
    }

    fn unconfigured(&self, why: &str) -> Rejection {
        let general = IntegrationType::general(self.function.modality);
        let message = format!(
            "{why}; an admin sets one in the global settings, section {}",
            general.as_str()
        );
        Rejection::new(Reason::NoModelConfigured, message)
            .about("Function", self.function.name.as_str())
    }
}

/// The refusal of a function that does not exist, with the nearest known name.
#[must_use]
pub fn unknown_function(snapshot: &Snapshot, name: &FunctionName) -> Rejection {
    let near = snapshot
        .functions()
        .map(|function| function.value.name.as_str())
        .min_by_key(|known| strsim::damerau_levenshtein(known, name.as_str()));
    let hint = near
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    let rejection = Rejection::new(
        Reason::FunctionNotFound,
        format!("there is no function {name}{hint}"),
    )
    .about("Function", name.as_str());
    match near {
        Some(near) => rejection.with("nearest", near),
        None => rejection,
    }
}

fn plan_forbids(account: AccountId, plan: Plan) -> Rejection {
    let message = format!(
        "the {} plan takes no values in a call but a max_tokens that lowers the answer",
        plan.as_str()
    );
    Rejection::new(Reason::PlanForbidsOverrides, message)
        .with("plan", plan.as_str())
        .about("Account", account.to_string())
}
