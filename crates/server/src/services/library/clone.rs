//! Clones of many items to many accounts: a transaction and a message for each thousand copies.
//!
//! Each transaction has a request id of its own, made of the caller's and its place. A repeat of a
//! call that was cut off finds the answers of those that were made, tells them again, and goes on.

use std::pin::Pin;

use aiconfig_application::{Applied, Sidecar, WriteCall};
use aiconfig_domain::{AccountId, CloneItems, ItemId, LibraryCommand, MOST_ROWS, Rejection};
use aiconfig_proto::v1;
use futures::stream::{self, Stream, StreamExt as _};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status};

use crate::call::{Gateway, TraceId, WriteRequest, info, opening, settle};
use crate::errors::ApiError;
use crate::gate::with_request_info;
use crate::wire::{CloneOrder, LibraryWire};

/// The messages of a clone, as they come.
pub(super) type Progresses<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

/// How far a clone is.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) done: i64,
    pub(super) total: i64,
    pub(super) failed: i64,
    pub(super) cloned: Vec<v1::ClonedItem>,
    pub(super) failures: Vec<v1::CloneFailure>,
    pub(super) finished: bool,
    pub(super) revision: u64,
}

/// The message of a kind that tells how far a clone is.
pub(super) trait CloneAnswer: Message + Default + 'static {
    fn of(progress: Progress) -> Self;
    fn failed(&self) -> i64;
    fn revision(&self) -> u64;
}

/// A clone on its way.
struct Work {
    gateway: Gateway,
    call: WriteCall,
    trace_id: TraceId,
    order: CloneOrder,
    /// Copies that were made or refused.
    done: usize,
    failed: i64,
    revision: u64,
    /// The last message was given out.
    over: bool,
}

/// Clones the first thousand copies; the others follow as the caller takes up the messages.
///
/// # Errors
/// Those of the request, and of the first transaction.
pub(super) async fn begin<T: LibraryWire, Q: WriteRequest, A: CloneAnswer>(
    gateway: &Gateway,
    request: Request<Q>,
    read: impl FnOnce(Q) -> Result<CloneOrder, ApiError> + Send,
) -> Result<Response<Progresses<A>>, Status> {
    let trace_id = info(&request)?.trace_id;
    let (call, body) = opening(request)?;
    let order = gateway.noting(&call, read(body))?;
    let mut work = Work {
        gateway: gateway.clone(),
        // It can name a million accounts, and is compared with each transaction's.
        call: WriteCall {
            body: Sha256::digest(&call.body[..]).to_vec().into(),
            ..call
        },
        trace_id,
        order,
        done: 0,
        failed: 0,
        revision: 0,
        over: false,
    };
    let first = work.next::<T, A>().await?;
    let rest = stream::unfold(work, |mut work| async {
        if work.over {
            return None;
        }
        if work.done == work.total() {
            work.over = true;
            return Some((Ok(A::of(work.summary())), work));
        }
        let message = work.next::<T, A>().await;
        work.over = message.is_err();
        let message = message.map_err(|status| with_request_info(&status, &work.trace_id));
        Some((message, work))
    });
    let all = stream::once(async { Ok(first) }).chain(rest);
    Ok(Response::new(Box::pin(all)))
}

impl Work {
    fn total(&self) -> usize {
        self.order.items.len() * self.order.accounts.len()
    }

    /// The copy at a place: all items of an account come after each other.
    fn row(&self, place: usize) -> Option<(ItemId, AccountId)> {
        let items = &self.order.items;
        let account = place.checked_div(items.len())?;
        let item = place.checked_rem(items.len())?;
        Some((*items.get(item)?, *self.order.accounts.get(account)?))
    }

    /// Makes the next transaction, or finds that it was made.
    async fn next<T: LibraryWire, A: CloneAnswer>(&mut self) -> Result<A, Status> {
        let from = self.done;
        let to = self.total().min(from + MOST_ROWS);
        let rows: Vec<(ItemId, AccountId)> =
            (from..to).filter_map(|place| self.row(place)).collect();
        let place = from / MOST_ROWS;
        let call = WriteCall {
            request_id: self
                .call
                .request_id
                .as_ref()
                .map(|id| format!("{id}/{place}")),
            trace_id: format!("{}/{place}", self.call.trace_id),
            ..self.call.clone()
        };
        let answer = self.transaction::<T, A>(&call, &rows, to).await;
        let answer = self.gateway.noting(&call, answer)?;
        self.done = to;
        self.failed = answer.failed();
        self.revision = answer.revision();
        Ok(answer)
    }

    async fn transaction<T: LibraryWire, A: CloneAnswer>(
        &self,
        call: &WriteCall,
        rows: &[(ItemId, AccountId)],
        to: usize,
    ) -> Result<A, ApiError> {
        if let Some(stored) = self.gateway.stored(call).await? {
            return Ok(stored);
        }
        let seen = |(item, account): &(ItemId, AccountId)| {
            if call.caller.covers(*account) {
                Ok((*item, *account))
            } else {
                Err(Rejection::account_not_registered(*account))
            }
        };
        let command = T::command(LibraryCommand::Clone(CloneItems {
            rows: rows.iter().map(seen).collect(),
            name_suffix: self.order.name_suffix.clone(),
        }));
        let (total, failed) = (self.total(), self.failed);
        let answer = |applied: &Applied<'_>| {
            let mut progress = told::<T>(applied, rows);
            progress.done = count(to);
            progress.total = count(total);
            progress.failed = failed + count(progress.failures.len());
            A::of(progress)
        };
        let app = &self.gateway.app;
        let encode = A::encode_to_vec;
        let written = app.write(call, |_| Ok(command), Sidecar::None, answer, encode);
        settle(written.await?)
    }

    fn summary(&self) -> Progress {
        Progress {
            done: count(self.done),
            total: count(self.total()),
            failed: self.failed,
            finished: true,
            revision: self.revision,
            ..Progress::default()
        }
    }
}

/// What became of the rows of a transaction.
fn told<T: LibraryWire>(applied: &Applied<'_>, rows: &[(ItemId, AccountId)]) -> Progress {
    let mut progress = Progress {
        revision: applied.snapshot.revision(),
        ..Progress::default()
    };
    for (outcome, (item, account)) in applied.decision.items.iter().zip(rows) {
        let (cloned_from, account_id) = (item.get(), account.get());
        match outcome {
            Ok(copy) => {
                let stored = T::own(applied.snapshot, *account, copy.id);
                progress.cloned.push(v1::ClonedItem {
                    cloned_from,
                    account_id,
                    id: copy.id.get(),
                    name: stored.map_or_else(String::new, |own| own.value.content.name().into()),
                });
            }
            Err(rejection) => progress.failures.push(v1::CloneFailure {
                cloned_from,
                account_id,
                error: Some(ApiError::from(rejection.clone()).into_rpc()),
            }),
        }
    }
    progress
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}
