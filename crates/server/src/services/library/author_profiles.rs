//! `AuthorProfileService`.

use aiconfig_domain::AuthorProfile;
use aiconfig_proto::v1;
use tonic::{Request, Response, Status};

use super::clone::{CloneAnswer, Progress, Progresses, begin};
use super::lists::{Asked, globals, owned};
use super::service::library_service;
use super::{global_written, of_account, own_written, read_global, read_own, registered, switched};
use crate::call::info;
use crate::errors::ApiError;
use crate::services::Services;
use crate::wire;

library_service! {
    author_profile_service_server::AuthorProfileService of AuthorProfile;
    fields { global_author_profile global_author_profiles author_profile author_profiles author_profile_id author_profile_ids }
    batch { author_profile_service_batch_set_active_response GlobalAuthorProfile }
    create_global_author_profile CreateGlobalAuthorProfileRequest CreateGlobalAuthorProfileResponse;
    get_global_author_profile GetGlobalAuthorProfileRequest GetGlobalAuthorProfileResponse;
    list_global_author_profiles ListGlobalAuthorProfilesRequest ListGlobalAuthorProfilesResponse;
    update_global_author_profile UpdateGlobalAuthorProfileRequest UpdateGlobalAuthorProfileResponse;
    delete_global_author_profile DeleteGlobalAuthorProfileRequest DeleteGlobalAuthorProfileResponse;
    batch_set_active AuthorProfileServiceBatchSetActiveRequest AuthorProfileServiceBatchSetActiveResponse;
    clone_author_profiles CloneAuthorProfilesRequest CloneAuthorProfilesResponse CloneAuthorProfilesStream;
    create_author_profile CreateAuthorProfileRequest CreateAuthorProfileResponse;
    get_author_profile GetAuthorProfileRequest GetAuthorProfileResponse;
    list_author_profiles ListAuthorProfilesRequest ListAuthorProfilesResponse;
    update_author_profile UpdateAuthorProfileRequest UpdateAuthorProfileResponse;
    delete_author_profile DeleteAuthorProfileRequest DeleteAuthorProfileResponse;
}
