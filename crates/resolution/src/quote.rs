//! Quotes: from a function or an operation, an account and quantities to credits and cost
//! (section 7).

use aiconfig_domain::{
    AccountId, CreditOperation, FunctionName, Model, ModelId, OperationType, Quote, QuoteRequest,
    Reason, Rejection, Snapshot, Timestamp, Usage, quote as priced,
};

use crate::resolve::{find_function, resolve_for_quote};

/// What a quote is asked for.
#[derive(Clone, Debug)]
pub struct QuoteQuery {
    /// For whom.
    pub account: AccountId,
    /// What is charged.
    pub subject: QuoteSubject,
    /// The model to price, whatever its state; absent: the one that the function resolves to.
    pub model: Option<ModelId>,
    /// The quantities.
    pub usage: Usage,
    /// The size of the images; empty: the resolved one, where the model is the resolved one.
    pub image_size: String,
    /// Their quality, likewise.
    pub image_quality: String,
}

/// What a quote charges.
#[derive(Clone, Debug)]
pub enum QuoteSubject {
    /// The function's credit operation.
    Function(FunctionName),
    /// A credit operation.
    Operation(OperationType),
}

/// A quote, and what was priced.
#[derive(Debug)]
pub struct Quoted<'a> {
    /// Credits and cost.
    pub quote: Quote,
    /// The credit operation that was charged, if the function has one.
    pub operation: Option<&'a CreditOperation>,
    /// The model that was priced, if one was named or resolved.
    pub model: Option<&'a Model>,
}

/// Quotes at an instant. It holds for inactive accounts too.
///
/// # Errors
/// An unknown function, operation or model; that no level yields a model; quantities that the
/// unit needs and the request lacks.
pub fn quote<'a>(
    snapshot: &'a Snapshot,
    query: &QuoteQuery,
    at: Timestamp,
) -> Result<Quoted<'a>, Rejection> {
    let named = query.model.as_ref().map(|id| named(snapshot, id));
    let (mut size, mut quality) = (query.image_size.clone(), query.image_quality.clone());
    let (operation, model) = match &query.subject {
        QuoteSubject::Operation(name) => (Some(operation(snapshot, name)?), named.transpose()?),
        QuoteSubject::Function(name) => {
            let function = find_function(snapshot, name)?;
            let model = if let Some(named) = named {
                named?
            } else {
                let (model, fields) = resolve_for_quote(snapshot, function, query.account)?;
                take_if_empty(&mut size, fields.image_size.as_deref());
                take_if_empty(&mut quality, fields.image_quality.as_deref());
                model
            };
            let charged = function.operation_type.as_ref();
            let operation = charged.map(|name| operation(snapshot, name)).transpose()?;
            (operation, Some(model))
        }
    };
    let request = QuoteRequest {
        operation,
        model,
        usage: query.usage,
        image_size: &size,
        image_quality: &quality,
        at,
    };
    Ok(Quoted {
        quote: priced(&request)?,
        operation,
        model,
    })
}

fn take_if_empty(given: &mut String, resolved: Option<&str>) {
    if given.is_empty() {
        resolved.unwrap_or_default().clone_into(given);
    }
}

fn named<'a>(snapshot: &'a Snapshot, id: &ModelId) -> Result<&'a Model, Rejection> {
    let found = snapshot.model(id.as_str()).map(|stored| &stored.value);
    found.ok_or_else(|| {
        let message = format!("there is no model {id}; ListModels names them");
        Rejection::new(Reason::ModelNotFound, message).about("Model", id.as_str())
    })
}

fn operation<'a>(
    snapshot: &'a Snapshot,
    name: &OperationType,
) -> Result<&'a CreditOperation, Rejection> {
    let found = snapshot.credit_operation(name.as_str());
    found.map(|stored| &stored.value).ok_or_else(|| {
        let message =
            format!("there is no credit operation {name}; ListCreditOperations names them");
        Rejection::new(Reason::CreditOperationNotFound, message)
            .about("CreditOperation", name.as_str())
    })
}
