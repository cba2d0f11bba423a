//! Functions of the product.

use aiconfig_domain::{
    CreateFunction, DeleteFunction, Field, Function, FunctionField, FunctionName, Modality,
    OperationType, Rejection, Stored, UpdateFunction,
};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, time};
use super::enums::{modality, read_modality};
use super::fields::{model_fields, read_model_fields};
use super::mask::masked;

/// A function on the wire.
pub(crate) fn function(stored: &Stored<Function>, etag: String) -> v1::Function {
    let Stored { value, meta } = stored;
    let Function {
        name,
        display_name,
        modality: makes,
        module,
        prompt_types,
        operation_type,
        defaults,
    } = value;
    v1::Function {
        name: name.to_string(),
        display_name: display_name.clone(),
        modality: modality(*makes),
        module: module.clone(),
        prompt_types: prompt_types.clone(),
        operation_type: operation_type
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        defaults: Some(model_fields(defaults)),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// Reads a function. A change need not give the modality, which is fixed.
fn read_function(faults: &mut Faults, given: v1::Function, is_new: bool) -> Option<Function> {
    let v1::Function {
        name,
        display_name,
        modality: makes,
        module,
        prompt_types,
        operation_type,
        defaults,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = given;
    let name = faults.need(
        "function.name",
        FunctionName::parse(&name),
        FunctionName::RULE,
    );
    let makes = if is_new || makes != v1::Modality::Unspecified as i32 {
        read_modality(faults, "function.modality", makes)
    } else {
        Some(Modality::Text)
    };
    let operation_type = faults.optional(
        "function.operation_type",
        &operation_type,
        OperationType::parse,
        OperationType::RULE,
    );
    let defaults = read_model_fields(faults, "function.defaults", defaults.unwrap_or_default());
    Some(Function {
        name: name?,
        display_name,
        modality: makes?,
        module,
        prompt_types,
        operation_type,
        defaults,
    })
}

/// Reads a new function.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn new_function(
    request: v1::CreateFunctionRequest,
) -> Result<CreateFunction, Rejection> {
    let v1::CreateFunctionRequest {
        function,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("function", function, "must be given");
    let value = given.and_then(|given| read_function(&mut faults, given, true));
    faults.finish(value.map(|value| CreateFunction { value }))
}

/// Reads a change of a function.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_function(
    request: v1::UpdateFunctionRequest,
) -> Result<UpdateFunction, Rejection> {
    let v1::UpdateFunctionRequest {
        function,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("function", function, "must be given");
    let value = given.and_then(|given| read_function(&mut faults, given, false));
    let value = faults.finish(value)?;
    let fields = masked(update_mask, |field| is_given(&value, field))?;
    Ok(UpdateFunction {
        value,
        fields,
        expected_etag: expected_etag(etag),
    })
}

/// Reads a deletion.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn delete_function(
    request: v1::DeleteFunctionRequest,
) -> Result<DeleteFunction, Rejection> {
    let v1::DeleteFunctionRequest {
        name,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let name = faults.need("name", FunctionName::parse(&name), FunctionName::RULE);
    let expected_etag = expected_etag(etag);
    faults.finish(name.map(|name| DeleteFunction {
        name,
        expected_etag,
    }))
}

/// Whether a field has a value. Defaults count one by one: giving one clears none of the others.
fn is_given(value: &Function, field: FunctionField) -> bool {
    let of_defaults = |field| value.defaults.get(field).is_some();
    match field {
        FunctionField::DisplayName => !value.display_name.is_empty(),
        FunctionField::Module => !value.module.is_empty(),
        FunctionField::PromptTypes => !value.prompt_types.is_empty(),
        FunctionField::OperationType => value.operation_type.is_some(),
        FunctionField::Defaults => false,
        FunctionField::DefaultsService => of_defaults(Field::Service),
        FunctionField::DefaultsModel => of_defaults(Field::Model),
        FunctionField::DefaultsTemperature => of_defaults(Field::Temperature),
        FunctionField::DefaultsMaxTokens => of_defaults(Field::MaxTokens),
        FunctionField::DefaultsImageSize => of_defaults(Field::ImageSize),
        FunctionField::DefaultsImageQuality => of_defaults(Field::ImageQuality),
        FunctionField::DefaultsImageStyle => of_defaults(Field::ImageStyle),
        FunctionField::DefaultsImageFormat => of_defaults(Field::ImageFormat),
        FunctionField::DefaultsMaxInArticleImages => of_defaults(Field::MaxInArticleImages),
        FunctionField::DefaultsSteps => of_defaults(Field::Steps),
        FunctionField::DefaultsGuidance => of_defaults(Field::Guidance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_taken_one_by_one() {
        let defaults = Some(v1::ModelFields {
            max_tokens: Some(9),
            ..v1::ModelFields::default()
        });
        let function = v1::Function {
            name: "auto_cluster".to_owned(),
            defaults,
            ..v1::Function::default()
        };
        let request = v1::UpdateFunctionRequest {
            function: Some(function),
            ..v1::UpdateFunctionRequest::default()
        };
        assert_eq!(
            update_function(request).unwrap().fields,
            [FunctionField::DefaultsMaxTokens]
        );
    }

    #[test]
    fn a_new_function_needs_a_modality() {
        let function = v1::Function {
            name: "auto_cluster".to_owned(),
            ..v1::Function::default()
        };
        let request = v1::CreateFunctionRequest {
            function: Some(function),
            ..v1::CreateFunctionRequest::default()
        };
        assert_eq!(
            new_function(request).unwrap_err().violations[0].field,
            "function.modality"
        );
    }
}
