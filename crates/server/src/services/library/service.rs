//! The methods of both services, over the messages of each.

/// Implements the service of a kind. The names of its messages and fields come in the order of the
/// service; methods that only one of the services has come last.
macro_rules! library_service {
    (
        $module:ident::$service:ident of $content:ident;
        fields { $global:ident $globals:ident $own:ident $owns:ident $id:ident $ids:ident }
        batch { $batch:ident $variant:ident }
        $create_global:ident $CreateGlobalRequest:ident $CreateGlobalResponse:ident;
        $get_global:ident $GetGlobalRequest:ident $GetGlobalResponse:ident;
        $list_globals:ident $ListGlobalsRequest:ident $ListGlobalsResponse:ident;
        $update_global:ident $UpdateGlobalRequest:ident $UpdateGlobalResponse:ident;
        $delete_global:ident $DeleteGlobalRequest:ident $DeleteGlobalResponse:ident;
        $batch_set_active:ident $BatchSetActiveRequest:ident $BatchSetActiveResponse:ident;
        $clone:ident $CloneRequest:ident $CloneResponse:ident $CloneStream:ident;
        $create:ident $CreateRequest:ident $CreateResponse:ident;
        $get:ident $GetRequest:ident $GetResponse:ident;
        $list:ident $ListRequest:ident $ListResponse:ident;
        $update:ident $UpdateRequest:ident $UpdateResponse:ident;
        $delete:ident $DeleteRequest:ident $DeleteResponse:ident;
        $($more:tt)*
    ) => {
        impl CloneAnswer for v1::$CloneResponse {
            fn of(progress: Progress) -> Self {
                let Progress { done, total, failed, cloned, failures, finished, revision } = progress;
                Self { done, total, failed, cloned, failures, finished, revision }
            }

            fn failed(&self) -> i64 {
                self.failed
            }

            fn revision(&self) -> u64 {
                self.revision
            }
        }

        #[tonic::async_trait]
        impl v1::$module::$service for Services {
            async fn $create_global(
                &self,
                request: Request<v1::$CreateGlobalRequest>,
            ) -> Result<Response<v1::$CreateGlobalResponse>, Status> {
                let parse = |body| {
                    let v1::$CreateGlobalRequest { $global, request_id: _, validate_only: _, reason: _ } = body;
                    Ok(wire::create_global::<$content>($global)?)
                };
                self.0
                    .write(request, parse, |applied| v1::$CreateGlobalResponse {
                        $global: global_written::<$content>(applied),
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            async fn $get_global(
                &self,
                request: Request<v1::$GetGlobalRequest>,
            ) -> Result<Response<v1::$GetGlobalResponse>, Status> {
                let asked = request.get_ref();
                let live = self.0.read(&request, asked.min_revision).await?;
                let found = read_global::<$content>(&live.snapshot, asked.$id)?;
                Ok(Response::new(v1::$GetGlobalResponse { $global: Some(found) }))
            }

            async fn $list_globals(
                &self,
                request: Request<v1::$ListGlobalsRequest>,
            ) -> Result<Response<v1::$ListGlobalsResponse>, Status> {
                let v1::$ListGlobalsRequest { page_size, page_token, filter, order_by, min_revision } = request.get_ref();
                let live = self.0.read(&request, *min_revision).await?;
                let asked = Asked { page_size: *page_size, page_token, filter, order_by };
                let page = globals::<$content>(&live.snapshot, &asked)?;
                Ok(Response::new(v1::$ListGlobalsResponse {
                    $globals: page.items,
                    next_page_token: page.next_page_token,
                    total_size: page.total_size,
                    revision: live.snapshot.revision(),
                }))
            }

            async fn $update_global(
                &self,
                request: Request<v1::$UpdateGlobalRequest>,
            ) -> Result<Response<v1::$UpdateGlobalResponse>, Status> {
                let parse = |body| {
                    let v1::$UpdateGlobalRequest {
                        $global, update_mask, expected_etag, request_id: _, validate_only: _, reason: _,
                    } = body;
                    Ok(wire::update_global::<$content>($global, update_mask, expected_etag)?)
                };
                self.0
                    .write(request, parse, |applied| v1::$UpdateGlobalResponse {
                        $global: global_written::<$content>(applied),
                        changed: applied.changed,
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            async fn $delete_global(
                &self,
                request: Request<v1::$DeleteGlobalRequest>,
            ) -> Result<Response<v1::$DeleteGlobalResponse>, Status> {
                let parse = |body| {
                    let v1::$DeleteGlobalRequest {
                        $id, expected_etag, request_id: _, validate_only: _, reason: _,
                    } = body;
                    Ok(wire::delete_global::<$content>($id, expected_etag)?)
                };
                self.0
                    .write(request, parse, |applied| v1::$DeleteGlobalResponse {
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            async fn $batch_set_active(
                &self,
                request: Request<v1::$BatchSetActiveRequest>,
            ) -> Result<Response<v1::$BatchSetActiveResponse>, Status> {
                use v1::$batch::{Result as Item, result::Result as Told};
                let parse = |body| {
                    let v1::$BatchSetActiveRequest {
                        $ids, active, partial, request_id: _, validate_only: _, reason: _,
                    } = body;
                    Ok(wire::set_active::<$content>(&$ids, active, partial)?)
                };
                let item = |(result, changed)| Item {
                    result: Some(match result {
                        Ok(item) => Told::$variant(item),
                        Err(error) => Told::Error(error),
                    }),
                    changed,
                };
                self.0
                    .write(request, parse, |applied| v1::$BatchSetActiveResponse {
                        results: switched::<$content>(applied).map(item).collect(),
                        changed: applied.changed,
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            type $CloneStream = Progresses<v1::$CloneResponse>;

            async fn $clone(
                &self,
                request: Request<v1::$CloneRequest>,
            ) -> Result<Response<Self::$CloneStream>, Status> {
                let read = |body| {
                    let v1::$CloneRequest {
                        $ids, account_ids, name_suffix, request_id: _, validate_only: _, reason: _,
                    } = body;
                    Ok(wire::clone_order::<$content>(&$ids, &account_ids, name_suffix)?)
                };
                begin::<$content, _, _>(&self.0, request, read).await
            }

            async fn $create(
                &self,
                request: Request<v1::$CreateRequest>,
            ) -> Result<Response<v1::$CreateResponse>, Status> {
                let caller = info(&request)?.caller;
                let parse = |body| {
                    let v1::$CreateRequest { $own, request_id: _, validate_only: _, reason: _ } = body;
                    of_account(&caller, wire::create_own::<$content>($own))
                };
                self.0
                    .write(request, parse, |applied| v1::$CreateResponse {
                        $own: own_written::<$content>(applied),
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            async fn $get(
                &self,
                request: Request<v1::$GetRequest>,
            ) -> Result<Response<v1::$GetResponse>, Status> {
                let asked = request.get_ref();
                let live = self.0.read(&request, asked.min_revision).await?;
                let caller = info(&request)?.caller;
                let found = read_own::<$content>(&live.snapshot, &caller, asked.account_id, asked.$id)?;
                Ok(Response::new(v1::$GetResponse { $own: Some(found) }))
            }

            async fn $list(
                &self,
                request: Request<v1::$ListRequest>,
            ) -> Result<Response<v1::$ListResponse>, Status> {
                let v1::$ListRequest {
                    account_id, page_size, page_token, filter, order_by, min_revision,
                } = request.get_ref();
                let live = self.0.read(&request, *min_revision).await?;
                let account = wire::account_id(*account_id).map_err(ApiError::from)?;
                let caller = info(&request)?.caller;
                let entry = registered(&live.snapshot, &caller, account).map_err(ApiError::from)?;
                let asked = Asked { page_size: *page_size, page_token, filter, order_by };
                let page = owned::<$content>(&live.snapshot, entry, account, &asked)?;
                Ok(Response::new(v1::$ListResponse {
                    $owns: page.items,
                    next_page_token: page.next_page_token,
                    total_size: page.total_size,
                    revision: live.snapshot.revision(),
                }))
            }

            async fn $update(
                &self,
                request: Request<v1::$UpdateRequest>,
            ) -> Result<Response<v1::$UpdateResponse>, Status> {
                let caller = info(&request)?.caller;
                let parse = |body| {
                    let v1::$UpdateRequest {
                        $own, update_mask, expected_etag, request_id: _, validate_only: _, reason: _,
                    } = body;
                    let read = wire::update_own::<$content>($own, update_mask, expected_etag);
                    of_account(&caller, read)
                };
                self.0
                    .write(request, parse, |applied| v1::$UpdateResponse {
                        $own: own_written::<$content>(applied),
                        changed: applied.changed,
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            async fn $delete(
                &self,
                request: Request<v1::$DeleteRequest>,
            ) -> Result<Response<v1::$DeleteResponse>, Status> {
                let caller = info(&request)?.caller;
                let parse = |body| {
                    let v1::$DeleteRequest {
                        account_id, $id, expected_etag, request_id: _, validate_only: _, reason: _,
                    } = body;
                    of_account(&caller, wire::delete_own::<$content>(account_id, $id, expected_etag))
                };
                self.0
                    .write(request, parse, |applied| v1::$DeleteResponse {
                        revision: applied.snapshot.revision(),
                    })
                    .await
            }

            $($more)*
        }
    };
}

pub(super) use library_service;
