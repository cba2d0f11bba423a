//! Credit operations and quotes.

use aiconfig_domain::{
    CreateCreditOperation, CreditOperation, CreditOperationField, CreditUnit,
    DeleteCreditOperation, FunctionName, ModelId, OperationType, Quote, QuoteLine, Rejection,
    Stored, Timestamp, UpdateCreditOperation, Usage,
};
use aiconfig_proto::v1;
use aiconfig_proto::v1::quote_credits_request::Subject;
use aiconfig_resolution::{QuoteQuery, QuoteSubject, Quoted};

use super::common::{Faults, expected_etag, time};
use super::enums::{credit_unit, price_dimension, quote_note, read_credit_unit};
use super::mask::masked;

const COST: &str = "credit_operation.nano_credits_cost";
const COST_RULE: &str = "must be given, 0 or more";

/// A credit operation on the wire.
pub(crate) fn credit_operation(
    stored: &Stored<CreditOperation>,
    etag: String,
) -> v1::CreditOperation {
    let Stored { value, meta } = stored;
    let CreditOperation {
        operation_type,
        display_name,
        unit,
        nano_credits_cost,
        nano_credits_minimum,
    } = value;
    v1::CreditOperation {
        operation_type: operation_type.to_string(),
        display_name: display_name.clone(),
        unit: credit_unit(*unit),
        nano_credits_cost: Some(*nano_credits_cost),
        nano_credits_minimum: Some(*nano_credits_minimum),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// Reads a new credit operation.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn new_credit_operation(
    request: v1::CreateCreditOperationRequest,
) -> Result<CreateCreditOperation, Rejection> {
    let v1::CreateCreditOperationRequest {
        credit_operation,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("credit_operation", credit_operation, "must be given");
    let per_token = v1::CreditUnit::PerToken as i32;
    let value = given.and_then(|given| {
        if given.unit != per_token && given.nano_credits_cost.is_none() {
            faults.add(COST, COST_RULE);
        }
        read_operation(&mut faults, given, &[CreditOperationField::Unit])
    });
    faults.finish(value.map(|value| CreateCreditOperation { value }))
}

/// Reads a change of a credit operation.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_credit_operation(
    request: v1::UpdateCreditOperationRequest,
) -> Result<UpdateCreditOperation, Rejection> {
    let v1::UpdateCreditOperationRequest {
        credit_operation,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let Some(given) = faults.need("credit_operation", credit_operation, "must be given") else {
        return faults.finish(None);
    };
    let fields = masked(update_mask, |field| match field {
        CreditOperationField::DisplayName => !given.display_name.is_empty(),
        CreditOperationField::Unit => given.unit != v1::CreditUnit::Unspecified as i32,
        CreditOperationField::NanoCreditsCost => given.nano_credits_cost.is_some(),
        CreditOperationField::NanoCreditsMinimum => given.nano_credits_minimum.is_some(),
    })?;
    let value = read_operation(&mut faults, given, &fields);
    let expected_etag = expected_etag(etag);
    faults.finish(value.map(|value| UpdateCreditOperation {
        value,
        fields,
        expected_etag,
    }))
}

/// Reads a deletion.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn delete_credit_operation(
    request: v1::DeleteCreditOperationRequest,
) -> Result<DeleteCreditOperation, Rejection> {
    let v1::DeleteCreditOperationRequest {
        operation_type,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let parsed = OperationType::parse(&operation_type);
    let parsed = faults.need("operation_type", parsed, OperationType::RULE);
    let expected_etag = expected_etag(etag);
    faults.finish(parsed.map(|operation_type| DeleteCreditOperation {
        operation_type,
        expected_etag,
    }))
}

/// Reads an operation; of the unit only where it is among the fields that are taken over.
fn read_operation(
    faults: &mut Faults,
    given: v1::CreditOperation,
    taken: &[CreditOperationField],
) -> Option<CreditOperation> {
    let v1::CreditOperation {
        operation_type,
        display_name,
        unit,
        nano_credits_cost,
        nano_credits_minimum,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = given;
    let parsed = OperationType::parse(&operation_type);
    let operation_type = faults.need(
        "credit_operation.operation_type",
        parsed,
        OperationType::RULE,
    );
    let unit = if taken.contains(&CreditOperationField::Unit) {
        read_credit_unit(faults, "credit_operation.unit", unit)
    } else {
        Some(CreditUnit::PerRequest)
    };
    if taken.contains(&CreditOperationField::NanoCreditsCost) {
        let fits = nano_credits_cost.is_some() || unit == Some(CreditUnit::PerToken);
        faults.need(COST, fits.then_some(()), COST_RULE);
    }
    Some(CreditOperation {
        operation_type: operation_type?,
        display_name,
        unit: unit?,
        nano_credits_cost: nano_credits_cost.unwrap_or_default(),
        nano_credits_minimum: nano_credits_minimum.unwrap_or_default(),
    })
}

/// Reads what a quote is asked for; the quantities are for the domain to check.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn quote_query(request: v1::QuoteCreditsRequest) -> Result<QuoteQuery, Rejection> {
    let v1::QuoteCreditsRequest {
        account_id,
        subject,
        model,
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
        words,
        images,
        image_size,
        image_quality,
        min_revision: _,
    } = request;
    let mut faults = Faults::default();
    let id = faults.account_id("account_id", account_id);
    let subject = match faults.need(
        "function_name",
        subject,
        "one of function_name and operation_type must be given",
    ) {
        Some(Subject::FunctionName(name)) => faults
            .need(
                "function_name",
                FunctionName::parse(&name),
                FunctionName::RULE,
            )
            .map(QuoteSubject::Function),
        Some(Subject::OperationType(name)) => faults
            .need(
                "operation_type",
                OperationType::parse(&name),
                OperationType::RULE,
            )
            .map(QuoteSubject::Operation),
        None => None,
    };
    let model = faults.optional("model", &model, ModelId::parse, ModelId::RULE);
    let usage = Usage {
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
        words,
        images,
    };
    faults.finish(id.zip(subject).map(|(account, subject)| QuoteQuery {
        account,
        subject,
        model,
        usage,
        image_size,
        image_quality,
    }))
}

/// A quote on the wire.
pub(crate) fn quote(quoted: &Quoted<'_>, at: Timestamp, revision: u64) -> v1::QuoteCreditsResponse {
    let Quoted {
        quote,
        operation,
        model,
    } = quoted;
    let Quote {
        nano_credits,
        cost_nano_usd,
        minimum_applied,
        from_tokens,
        lines,
    } = quote;
    v1::QuoteCreditsResponse {
        nano_credits: *nano_credits,
        cost_nano_usd: *cost_nano_usd,
        lines: lines.iter().map(quote_line).collect(),
        operation_type: operation
            .map(|operation| operation.operation_type.to_string())
            .unwrap_or_default(),
        unit: operation.map_or(v1::CreditUnit::Unspecified as i32, |operation| {
            credit_unit(operation.unit)
        }),
        minimum_applied: *minimum_applied,
        provider: model
            .map(|model| model.provider.to_string())
            .unwrap_or_default(),
        model: model
            .map(|model| model.model_id.to_string())
            .unwrap_or_default(),
        from_tokens: *from_tokens,
        evaluated_at: Some(time(at)),
        revision,
    }
}

fn quote_line(line: &QuoteLine) -> v1::QuoteLine {
    let QuoteLine {
        label,
        dimension,
        quantity,
        micro_usd,
        cost_nano_usd,
        nano_credits,
        notes,
    } = line;
    v1::QuoteLine {
        label: (*label).to_owned(),
        dimension: dimension.map_or(v1::PriceDimension::Unspecified as i32, price_dimension),
        quantity: Some(*quantity),
        micro_usd: *micro_usd,
        cost_nano_usd: *cost_nano_usd,
        nano_credits: *nano_credits,
        notes: notes.iter().copied().map(quote_note).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_only_what_it_takes() {
        let operation = v1::CreditOperation {
            operation_type: "clustering".to_owned(),
            nano_credits_cost: Some(0),
            ..v1::CreditOperation::default()
        };
        let request = |paths: &[&str]| v1::UpdateCreditOperationRequest {
            credit_operation: Some(operation.clone()),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            ..v1::UpdateCreditOperationRequest::default()
        };
        let fields = update_credit_operation(request(&[])).unwrap().fields;
        assert_eq!(fields, [CreditOperationField::NanoCreditsCost]);
        let refused = update_credit_operation(request(&["unit"])).unwrap_err();
        assert_eq!(refused.violations[0].field, "credit_operation.unit");
    }

    #[test]
    fn a_quote_needs_a_subject() {
        let refused = quote_query(v1::QuoteCreditsRequest::default()).unwrap_err();
        let paths: Vec<&str> = refused
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(paths, ["account_id", "function_name"]);
    }
}
