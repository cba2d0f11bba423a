//! The calls of both libraries in one form.

use aiconfig_proto::v1;
use tonic::Status;

use super::rules::Shown;
use super::{Content, Kind};
use crate::Run;

fn global_profile(id: i64, name: &str, content: &Content) -> v1::GlobalAuthorProfile {
    v1::GlobalAuthorProfile {
        author_profile_id: id,
        name: name.to_owned(),
        tone: content.word.clone(),
        category: v1::ProfileCategory::Blog.into(),
        ..Default::default()
    }
}

fn global_strategy(id: i64, name: &str, content: &Content) -> v1::GlobalStrategy {
    v1::GlobalStrategy {
        strategy_id: id,
        name: name.to_owned(),
        sector: content.word.clone(),
        prompt_types: content.prompt_types.clone(),
        category: v1::StrategyCategory::Blog.into(),
        ..Default::default()
    }
}

fn profile(account_id: i64, id: i64, name: &str, content: &Content) -> v1::AuthorProfile {
    v1::AuthorProfile {
        account_id,
        author_profile_id: id,
        name: name.to_owned(),
        tone: content.word.clone(),
        category: v1::ProfileCategory::Blog.into(),
        ..Default::default()
    }
}

fn strategy(account_id: i64, id: i64, name: &str, content: &Content) -> v1::Strategy {
    v1::Strategy {
        account_id,
        strategy_id: id,
        name: name.to_owned(),
        sector: content.word.clone(),
        prompt_types: content.prompt_types.clone(),
        category: v1::StrategyCategory::Blog.into(),
        ..Default::default()
    }
}

fn origin(state: v1::OriginState) -> &'static str {
    match state {
        v1::OriginState::Unspecified => "",
        v1::OriginState::Current => "CURRENT",
        v1::OriginState::Behind => "BEHIND",
        v1::OriginState::Retired => "RETIRED",
    }
}

/// An item of an account as it is listed: its number, its name, and what is shown of it.
pub(super) type Listed = (i64, String, Shown);

fn listed_profile(item: v1::AuthorProfile) -> Listed {
    let shown = Shown {
        state: origin(item.origin_state()),
        content: Content {
            word: item.tone,
            prompt_types: Vec::new(),
        },
        custom: item.custom,
        cloned_from: item.cloned_from,
        dormant: item.dormant,
    };
    (item.author_profile_id, item.name, shown)
}

fn listed_strategy(item: v1::Strategy) -> Listed {
    let shown = Shown {
        state: origin(item.origin_state()),
        content: Content {
            word: item.sector,
            prompt_types: item.prompt_types,
        },
        custom: item.custom,
        cloned_from: item.cloned_from,
        dormant: item.dormant,
    };
    (item.strategy_id, item.name, shown)
}

impl Run {
    /// Adds an item to the platform's library; its number.
    pub(super) async fn call_create_global(
        &mut self,
        kind: Kind,
        name: &str,
        content: &Content,
    ) -> Result<i64, Status> {
        match kind {
            Kind::Profile => {
                let request = v1::CreateGlobalAuthorProfileRequest {
                    global_author_profile: Some(global_profile(0, name, content)),
                    ..Default::default()
                };
                let made = self.admin.profiles.create_global_author_profile(request);
                let made = made.await?.into_inner().global_author_profile;
                Ok(made.unwrap().author_profile_id)
            }
            Kind::Strategy => {
                let request = v1::CreateGlobalStrategyRequest {
                    global_strategy: Some(global_strategy(0, name, content)),
                    ..Default::default()
                };
                let made = self.admin.strategies.create_global_strategy(request);
                let made = made.await?.into_inner().global_strategy;
                Ok(made.unwrap().strategy_id)
            }
        }
    }

    /// Changes what an item of the platform says, and whether it is offered.
    pub(super) async fn call_update_global(
        &mut self,
        kind: Kind,
        id: i64,
        name: &str,
        content: &Content,
        active: bool,
    ) -> Result<(), Status> {
        match kind {
            Kind::Profile => {
                let request = v1::UpdateGlobalAuthorProfileRequest {
                    global_author_profile: Some(v1::GlobalAuthorProfile {
                        active: Some(active),
                        ..global_profile(id, name, content)
                    }),
                    ..Default::default()
                };
                let done = self.admin.profiles.update_global_author_profile(request);
                done.await.map(drop)
            }
            Kind::Strategy => {
                let request = v1::UpdateGlobalStrategyRequest {
                    global_strategy: Some(v1::GlobalStrategy {
                        active: Some(active),
                        ..global_strategy(id, name, content)
                    }),
                    ..Default::default()
                };
                let done = self.admin.strategies.update_global_strategy(request);
                done.await.map(drop)
            }
        }
    }

    pub(super) async fn call_delete_global(&mut self, kind: Kind, id: i64) -> Result<(), Status> {
        match kind {
            Kind::Profile => {
                let request = v1::DeleteGlobalAuthorProfileRequest {
                    author_profile_id: id,
                    ..Default::default()
                };
                let done = self.admin.profiles.delete_global_author_profile(request);
                done.await.map(drop)
            }
            Kind::Strategy => {
                let request = v1::DeleteGlobalStrategyRequest {
                    strategy_id: id,
                    ..Default::default()
                };
                let done = self.admin.strategies.delete_global_strategy(request);
                done.await.map(drop)
            }
        }
    }

    /// Clones items to accounts; how many rows were refused.
    pub(super) async fn call_clone(&mut self, kind: Kind, ids: &[i64], accounts: &[i64]) -> i64 {
        let mut failed = 0;
        match kind {
            Kind::Profile => {
                let request = v1::CloneAuthorProfilesRequest {
                    author_profile_ids: ids.to_vec(),
                    account_ids: accounts.to_vec(),
                    ..Default::default()
                };
                let stream = self.backend.profiles.clone_author_profiles(request).await;
                let mut stream = stream.unwrap().into_inner();
                while let Some(message) = stream.message().await.unwrap() {
                    failed = message.failed;
                }
            }
            Kind::Strategy => {
                let request = v1::CloneStrategiesRequest {
                    strategy_ids: ids.to_vec(),
                    account_ids: accounts.to_vec(),
                    ..Default::default()
                };
                let stream = self.backend.strategies.clone_strategies(request).await;
                let mut stream = stream.unwrap().into_inner();
                while let Some(message) = stream.message().await.unwrap() {
                    failed = message.failed;
                }
            }
        }
        failed
    }

    pub(super) async fn call_create_own(
        &mut self,
        kind: Kind,
        account: i64,
        name: &str,
        content: &Content,
    ) -> Result<(), Status> {
        match kind {
            Kind::Profile => {
                let request = v1::CreateAuthorProfileRequest {
                    author_profile: Some(profile(account, 0, name, content)),
                    ..Default::default()
                };
                let done = self.backend.profiles.create_author_profile(request);
                done.await.map(drop)
            }
            Kind::Strategy => {
                let request = v1::CreateStrategyRequest {
                    strategy: Some(strategy(account, 0, name, content)),
                    ..Default::default()
                };
                let done = self.backend.strategies.create_strategy(request);
                done.await.map(drop)
            }
        }
    }

    pub(super) async fn call_update_own(
        &mut self,
        kind: Kind,
        (account, id): (i64, i64),
        name: &str,
        content: &Content,
    ) -> Result<(), Status> {
        match kind {
            Kind::Profile => {
                let request = v1::UpdateAuthorProfileRequest {
                    author_profile: Some(profile(account, id, name, content)),
                    ..Default::default()
                };
                let done = self.backend.profiles.update_author_profile(request);
                done.await.map(drop)
            }
            Kind::Strategy => {
                let request = v1::UpdateStrategyRequest {
                    strategy: Some(strategy(account, id, name, content)),
                    ..Default::default()
                };
                let done = self.backend.strategies.update_strategy(request);
                done.await.map(drop)
            }
        }
    }

    pub(super) async fn call_delete_own(
        &mut self,
        kind: Kind,
        account_id: i64,
        id: i64,
    ) -> Result<(), Status> {
        match kind {
            Kind::Profile => {
                let request = v1::DeleteAuthorProfileRequest {
                    account_id,
                    author_profile_id: id,
                    ..Default::default()
                };
                let done = self.backend.profiles.delete_author_profile(request);
                done.await.map(drop)
            }
            Kind::Strategy => {
                let request = v1::DeleteStrategyRequest {
                    account_id,
                    strategy_id: id,
                    ..Default::default()
                };
                let done = self.backend.strategies.delete_strategy(request);
                done.await.map(drop)
            }
        }
    }

    pub(super) async fn call_list(&mut self, kind: Kind, id: i64) -> Result<Vec<Listed>, Status> {
        match kind {
            Kind::Profile => {
                let request = v1::ListAuthorProfilesRequest {
                    account_id: id,
                    page_size: 1_000,
                    ..Default::default()
                };
                let listed = self.backend.profiles.list_author_profiles(request).await?;
                let items = listed.into_inner().author_profiles.into_iter();
                Ok(items.map(listed_profile).collect())
            }
            Kind::Strategy => {
                let request = v1::ListStrategiesRequest {
                    account_id: id,
                    page_size: 1_000,
                    ..Default::default()
                };
                let listed = self.backend.strategies.list_strategies(request).await?;
                let items = listed.into_inner().strategies.into_iter();
                Ok(items.map(listed_strategy).collect())
            }
        }
    }
}
