//! Accounts, plans and settings.

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{account, number, query, save, text};
use tonic::Code;

use crate::{Seen, Stage};

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    let (admin, backend) = (&mut stage.admin, &mut stage.backend);
    for (id, plan) in [(1, Plan::Free), (2, Plan::Growth)] {
        admin
            .accounts
            .upsert_account(account(id, plan))
            .await
            .unwrap();
    }
    let mut asleep = account(3, Plan::Growth);
    asleep.account.as_mut().unwrap().active = false;
    admin.accounts.upsert_account(asleep).await.unwrap();

    let unknown = backend
        .settings
        .save_integration_settings(save(99, &[]))
        .await;
    seen.refused(unknown, (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    let inactive = backend.configs.get_model_config(query(3)).await;
    seen.refused(inactive, (Code::FailedPrecondition, "ACCOUNT_INACTIVE"));
    let free = save(1, &[("temperature", number(0.1))]);
    let free = backend.settings.save_integration_settings(free).await;
    seen.refused(free, (Code::FailedPrecondition, "PLAN_FORBIDS_OVERRIDES"));
    let wrong = save(2, &[("temperature", text("warm")), ("colour", text("red"))]);
    let wrong = backend.settings.save_integration_settings(wrong).await;
    seen.refused(wrong, (Code::InvalidArgument, "FIELD_INVALID"));
    let mut mask = save(2, &[]);
    mask.update_mask = Some(prost_types::FieldMask {
        paths: vec!["colour".to_owned()],
    });
    let mask = backend.settings.save_integration_settings(mask).await;
    seen.refused(mask, (Code::InvalidArgument, "MASK_INVALID"));
    let mut outdated = save(2, &[("temperature", number(0.1))]);
    outdated.expected_etag.push_str("another");
    let outdated = backend.settings.save_integration_settings(outdated).await;
    seen.refused(outdated, (Code::Aborted, "ETAG_MISMATCH"));
    let asked = v1::GetModelConfigRequest {
        function_name: "write_poems".to_owned(),
        ..query(2)
    };
    let asked = backend.configs.get_model_config(asked).await;
    seen.refused(asked, (Code::NotFound, "FUNCTION_NOT_FOUND"));
    let switch = |on| {
        let account_modules = v1::AccountModules {
            account_id: 2,
            modules: [("writer".to_owned(), on)].into(),
            ..Default::default()
        };
        v1::UpdateAccountModulesRequest {
            account_modules: Some(account_modules),
            ..Default::default()
        }
    };
    let off = backend.modules.update_account_modules(switch(false)).await;
    assert!(off.unwrap().get_ref().changed);
    let off = backend.configs.get_model_config(query(2)).await;
    seen.refused(off, (Code::FailedPrecondition, "MODULE_DISABLED"));
    let on = backend.modules.update_account_modules(switch(true)).await;
    let modules = on.unwrap().into_inner().account_modules.unwrap();
    assert_eq!(
        (modules.etag.as_str(), modules.effective["writer"]),
        ("absent", true)
    );
    let mut old = query(2);
    old.overrides = Some(v1::ModelFields {
        model: Some("gpt-4".to_owned()),
        ..Default::default()
    });
    let old = backend.configs.get_model_config(old).await;
    seen.refused(old, (Code::FailedPrecondition, "MODEL_RETIRED"));
}
