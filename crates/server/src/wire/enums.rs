//! Closed sets: enums of the API and of the domain, which have the same names.

use aiconfig_proto::v1;
use {aiconfig_domain as domain, aiconfig_resolution as resolution};

use super::common::Faults;

/// Builders: the number on the wire. Without a wildcard, so that a new variant stops the build.
macro_rules! builders {
    ($($build:ident $of:ident::$set:ident { $($name:ident)* })*) => {$(
        pub(crate) const fn $build(value: $of::$set) -> i32 {
            match value { $($of::$set::$name => v1::$set::$name as i32,)* }
        }
    )*};
}

/// Readers: a number that is unspecified or unknown is a fault that names the valid names.
macro_rules! readers {
    ($($read:ident $set:ident { $($name:ident)* })*) => {$(
        pub(crate) fn $read(faults: &mut Faults, field: &str, number: i32) -> Option<domain::$set> {
            match v1::$set::try_from(number) {
                $(Ok(v1::$set::$name) => Some(domain::$set::$name),)*
                Ok(v1::$set::Unspecified) | Err(_) => {
                    faults.add(field, format!("one of {}", [$(v1::$set::$name.as_str_name()),*].join(", ")));
                    None
                }
            }
        }
    )*};
}

builders! {
    plan domain::Plan { Free Starter Growth Scale }
    modality domain::Modality { Text Image Embedding }
    role domain::Role { Admin Backend Resolver Auditor Monitor }
    field_source domain::FieldSource { Request Account Function Global Catalog }
    credit_unit domain::CreditUnit { PerRequest Per100Words PerImage PerToken }
    price_dimension domain::PriceDimension { Input CachedInput CacheWrite Output Image }
    key_state domain::KeyState { Standby Primary Retired Revoked Destroyed }
    model_status domain::ModelStatus { Usable Retired Inactive }
    quote_note domain::QuoteNote { PricedAsInput PriceMissing CreditRateMissing }
    finding_kind domain::FindingKind { DanglingModel DatePassed DateNear RetiredModelUsed PriceMissing }
    prompt_source resolution::PromptSource { AccountCustom AccountDefault Global }
    upstream_state resolution::UpstreamState { Following CustomCurrent CustomBehind UpstreamRetired }
    outcome resolution::Outcome { Won Unset Outranked Skipped Dormant }
    adjustment_kind domain::AdjustmentKind {
        OtherProviderSkipped ModelInactiveSkipped ModelUnknownSkipped ModelRetiredReplaced
        UnsupportedByModel ClampedToModelLimit AliasedForModel
    }
}

readers! {
    read_plan Plan { Free Starter Growth Scale }
    read_modality Modality { Text Image Embedding }
    read_role Role { Admin Backend Resolver Auditor Monitor }
    read_credit_unit CreditUnit { PerRequest Per100Words PerImage PerToken }
    read_price_dimension PriceDimension { Input CachedInput CacheWrite Output Image }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_go_both_ways() {
        let mut faults = Faults::default();
        for value in domain::Plan::ALL {
            assert_eq!(read_plan(&mut faults, "plan", plan(value)), Some(value));
        }
        for value in domain::Role::ALL {
            assert_eq!(read_role(&mut faults, "role", role(value)), Some(value));
        }
        assert!(faults.is_empty());
    }

    #[test]
    fn what_is_not_in_the_set_is_told_the_names() {
        for number in [0, 99, -1] {
            let mut faults = Faults::default();
            assert_eq!(read_plan(&mut faults, "account.plan", number), None);
            let violations = faults.into_violations();
            assert_eq!(violations[0].field, "account.plan");
            assert!(violations[0].description.contains("PLAN_GROWTH"));
        }
    }
}
