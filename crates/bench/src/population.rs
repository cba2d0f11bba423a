//! Accounts of all four plans, each with settings of its own: those of the two lower plans are
//! dormant, as after a downgrade.

use aiconfig_domain::{
    Account, AccountId, AccountState, IntegrationType, ModelFields, Override, Plan, Resource,
};

/// The plans, in turn by the account's number.
pub const PLANS: [Plan; 4] = [Plan::Free, Plan::Starter, Plan::Growth, Plan::Scale];

/// The plan of an account.
#[must_use]
pub fn plan(account: u32) -> Plan {
    PLANS[account as usize % PLANS.len()]
}

/// The rows of an account of a plan, by integration type. `GROWTH` changes the model of the
/// platform's service, `SCALE` the service and a value of it.
#[must_use]
pub fn rows(plan: Plan) -> Vec<(&'static str, ModelFields)> {
    let nothing = ModelFields::default;
    match plan {
        Plan::Scale => vec![
            (
                "text_generation",
                ModelFields {
                    service: Some("anthropic".into()),
                    ..nothing()
                },
            ),
            (
                "anthropic",
                ModelFields {
                    max_tokens: Some(4_000),
                    ..nothing()
                },
            ),
        ],
        _ => vec![(
            "openai",
            ModelFields {
                model: Some("gpt-4o".into()),
                temperature: Some(0.3),
                ..nothing()
            },
        )],
    }
}

/// An account and its rows; nothing for the number 0.
#[must_use]
pub fn resources(account: u32) -> Vec<Resource> {
    let Some(account_id) = AccountId::new(i64::from(account)) else {
        return Vec::new();
    };
    let plan = plan(account);
    let live = Resource::Account(AccountState::Live(Account {
        account_id,
        plan,
        display_name: format!("Account {account}"),
        active: true,
        source_version: 1,
    }));
    let rows = rows(plan).into_iter().filter_map(|(kind, fields)| {
        Some(Resource::Override(Override {
            account_id,
            integration_type: IntegrationType::parse(kind)?,
            enabled: true,
            fields,
        }))
    });
    std::iter::once(live).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_rows() {
        assert!(resources(0).is_empty());
        let counts: Vec<usize> = (1..=4).map(|account| resources(account).len()).collect();
        assert_eq!(counts, [2, 2, 3, 2]);
    }
}
