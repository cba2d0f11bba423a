//! Author profiles and strategies.

use aiconfig_proto::v1;
use tonic::Code;

use crate::{Seen, Stage};

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    let profiles = &mut stage.admin.profiles;
    let unknown = profiles.get_global_author_profile(v1::GetGlobalAuthorProfileRequest {
        author_profile_id: 7,
        ..Default::default()
    });
    seen.refused(unknown.await, (Code::NotFound, "AUTHOR_PROFILE_NOT_FOUND"));
    let strategies = &mut stage.backend.strategies;
    let unknown = strategies.get_strategy(v1::GetStrategyRequest {
        account_id: 2,
        strategy_id: 7,
        ..Default::default()
    });
    seen.refused(unknown.await, (Code::NotFound, "STRATEGY_NOT_FOUND"));

    // Only copies are refused for this, each in a message of its clone.
    let off = v1::GlobalAuthorProfile {
        name: "Off".to_owned(),
        category: v1::ProfileCategory::Blog.into(),
        active: Some(false),
        ..Default::default()
    };
    let off = v1::CreateGlobalAuthorProfileRequest {
        global_author_profile: Some(off),
        ..Default::default()
    };
    let off = profiles.create_global_author_profile(off).await.unwrap();
    let off = off.into_inner().global_author_profile.unwrap();
    let clone = v1::CloneAuthorProfilesRequest {
        author_profile_ids: vec![off.author_profile_id],
        account_ids: vec![2],
        ..Default::default()
    };
    let answer = profiles.clone_author_profiles(clone).await.unwrap();
    let told = answer.into_inner().message().await.unwrap().unwrap();
    let error = told.failures[0].error.clone().unwrap();
    let details = prost::Message::encode_to_vec(&error).into();
    let status = tonic::Status::with_details(Code::from(error.code), error.message, details);
    let reason = aiconfig_tests::reason(&status);
    assert_eq!(
        (status.code(), &*reason),
        (Code::FailedPrecondition, "LIBRARY_ITEM_INACTIVE")
    );
    seen.0.insert(reason, status.code());
}
