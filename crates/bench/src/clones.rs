//! One clone of the library's author profiles to many accounts, through its call.

use std::time::Instant;

use aiconfig_bench::population::plan;
use aiconfig_proto::v1::{self, author_profile_service_client::AuthorProfileServiceClient};
use serde::Serialize;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};

use crate::Failure;
use crate::place::{Database, Setting};
use crate::world::{UNPREPARED, World, connect, signed};

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "clone";

/// Profiles of the library that are cloned.
const PROFILES: usize = 20;

/// What a clone came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cloned {
    pub(crate) profiles: usize,
    pub(crate) accounts: usize,
    pub(crate) seconds: f64,
    /// Of them, the server's user and system time.
    pub(crate) cpu_seconds: f64,
    pub(crate) rows_a_second: f64,
    /// In RAM before the clone and after it.
    pub(crate) before_mib: u64,
    pub(crate) after_mib: u64,
}

/// A server that gives a call all the time that it wants.
const PATIENT: [Setting<'_>; 2] = [
    ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "3600"),
    ("AICONFIG_LONGEST_DEADLINE_SECONDS", "3600"),
];

/// Clones 20 profiles to so many accounts of a server made for it.
pub(crate) async fn measure(
    database: &Database,
    accounts: u32,
    seed: u64,
) -> Result<Cloned, Failure> {
    // Three of four may have profiles.
    let all = accounts.div_ceil(3) * 4;
    let world = World::large(database, all, seed, &PATIENT).await?;
    let mut client = AuthorProfileServiceClient::new(connect(&world.process).await?);
    let author_profile_ids = profiles(&mut client, &world.admin).await?;
    let may = |id: &u32| plan(*id).rules().may_override;
    let account_ids: Vec<i64> = (1..=world.accounts)
        .filter(may)
        .map(i64::from)
        .take(usize::try_from(accounts)?)
        .collect();
    let of = (author_profile_ids.len(), account_ids.len());
    let before_mib = world.process.resident_mib()?;
    let (cpu, begun) = (world.process.cpu()?, Instant::now());
    let mut call = Request::new(v1::CloneAuthorProfilesRequest {
        author_profile_ids,
        account_ids,
        ..v1::CloneAuthorProfilesRequest::default()
    });
    let metadata = call.metadata_mut();
    metadata.insert("authorization", world.admin.clone());
    let mut answers = client.clone_author_profiles(call).await?.into_inner();
    let (mut done, mut finished) = (0, false);
    while let Some(answer) = answers.message().await? {
        if answer.failed > 0 {
            return Err(format!("not cloned: {:?}", answer.failures.first()).into());
        }
        done += answer.cloned.len();
        finished = answer.finished;
    }
    if !finished || done != of.0 * of.1 {
        return Err(UNPREPARED.into());
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Cloned {
        profiles: of.0,
        accounts: of.1,
        seconds,
        cpu_seconds: world.process.cpu()?.saturating_sub(cpu).as_secs_f64(),
        rows_a_second: f64::from(u32::try_from(done)?) / seconds,
        before_mib,
        after_mib: world.process.resident_mib()?,
    })
}

/// Numbers of the shipped profiles, and of copies of them up to as many as are cloned.
async fn profiles(
    client: &mut AuthorProfileServiceClient<tonic::transport::Channel>,
    admin: &MetadataValue<Ascii>,
) -> Result<Vec<i64>, Failure> {
    let all = v1::ListGlobalAuthorProfilesRequest {
        page_size: 100,
        ..v1::ListGlobalAuthorProfilesRequest::default()
    };
    let shipped = client
        .list_global_author_profiles(signed(all, admin))
        .await?;
    let shipped = shipped.into_inner().global_author_profiles;
    let mut ids: Vec<i64> = shipped.iter().map(|own| own.author_profile_id).collect();
    ids.truncate(PROFILES);
    for (place, profile) in shipped.iter().cycle().enumerate() {
        if ids.len() == PROFILES {
            break;
        }
        let created = v1::CreateGlobalAuthorProfileRequest {
            global_author_profile: Some(v1::GlobalAuthorProfile {
                name: format!("{} {place}", profile.name),
                description: profile.description.clone(),
                category: profile.category,
                tone: profile.tone.clone(),
                language: profile.language.clone(),
                structure_template: profile.structure_template.clone(),
                active: Some(true),
                ..v1::GlobalAuthorProfile::default()
            }),
            ..v1::CreateGlobalAuthorProfileRequest::default()
        };
        let created = client
            .create_global_author_profile(signed(created, admin))
            .await?;
        let created = created.into_inner().global_author_profile;
        ids.push(created.ok_or(UNPREPARED)?.author_profile_id);
    }
    Ok(ids)
}
