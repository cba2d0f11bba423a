//! `AuditService`.

use aiconfig_domain::Role;
use aiconfig_persistence::{AuditFilter, Seek};
use aiconfig_proto::v1::{self, ErrorReason, audit_service_server::AuditService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Op, parse};
use crate::lists::order::descending;
use crate::lists::{ListQuery, Paging};
use crate::wire;

const NAMES: &[Name] = &[
    Name::Exact("actor"),
    Name::Exact("token_id"),
    Name::Exact("role"),
    Name::Exact("rpc"),
    Name::Exact("resource"),
    Name::Exact("outcome"),
    Name::Time("time"),
];
const OUTCOMES: [&str; 4] = ["applied", "refused", "released", "damaged"];

/// Reads a filter. Times narrow each other; a name can be given once.
fn read_filter(text: &str) -> Result<AuditFilter, ApiError> {
    let mut filter = AuditFilter::default();
    for condition in parse(text, NAMES)? {
        let mut value = condition.value.clone();
        let slot = match condition.name {
            "actor" => &mut filter.actor,
            "token_id" => &mut filter.token_id,
            "rpc" => &mut filter.rpc,
            "resource" => &mut filter.resource,
            "role" => {
                let role = condition.one_of("ROLE_", &Role::ALL, Role::as_str)?;
                role.as_str().clone_into(&mut value);
                &mut filter.role
            }
            "outcome" => {
                let outcome = condition.one_of("AUDIT_OUTCOME_", &OUTCOMES, |name| name)?;
                outcome.clone_into(&mut value);
                &mut filter.outcome
            }
            _ => {
                let at = condition.time()?.as_micros();
                if condition.op == Op::AtLeast {
                    filter.from_time_us = filter.from_time_us.max(Some(at));
                } else {
                    let end = at.saturating_add(i64::from(condition.op == Op::AtMost));
                    let known = filter.to_time_us.unwrap_or(i64::MAX);
                    filter.to_time_us = Some(known.min(end));
                }
                continue;
            }
        };
        if slot.replace(value).is_some() {
            let right = format!("{} is compared once", condition.name);
            return Err(ApiError::field(
                ErrorReason::FilterInvalid,
                "filter",
                &right,
            ));
        }
    }
    Ok(filter)
}

#[tonic::async_trait]
impl AuditService for Services {
    async fn list_audit_records(
        &self,
        request: Request<v1::ListAuditRecordsRequest>,
    ) -> Result<Response<v1::ListAuditRecordsResponse>, Status> {
        let asked = request.get_ref();
        let revision = self
            .0
            .read(&request, asked.min_revision)
            .await?
            .snapshot
            .revision();
        let filter = read_filter(&asked.filter)?;
        let newest_first = descending(&asked.order_by, "sequence", true)?;
        let query = ListQuery {
            order_by: &asked.order_by,
            ..ListQuery::new("ListAuditRecords", &asked.filter)
        };
        let paging = Paging::new(asked.page_size, &asked.page_token, query)?;
        let seek = match (paging.after_key(|key| key.parse().ok())?, newest_first) {
            (None, true) => Seek::Newest,
            (None, false) => Seek::After(0),
            (Some(last), true) => Seek::Before(last),
            (Some(last), false) => Seek::After(last),
        };
        let limit = u64::try_from(paging.size() + 1).unwrap_or(u64::MAX);
        let found = self.0.app.audit_page(&filter, seek, limit).await;
        let found = found.map_err(ApiError::from)?;
        let rows = found.rows.iter();
        let page = paging.page_of(
            rows.map(|row| (row.sequence.to_string(), wire::audit_record(row))),
            found.total,
        );
        Ok(Response::new(v1::ListAuditRecordsResponse {
            audit_records: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision,
        }))
    }

    async fn verify_audit_chain(
        &self,
        request: Request<v1::VerifyAuditChainRequest>,
    ) -> Result<Response<v1::VerifyAuditChainResponse>, Status> {
        self.0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let report = self.0.app.verify_audit().await.map_err(ApiError::from)?;
        let (first_bad_sequence, problem) = report.fault.unzip();
        Ok(Response::new(v1::VerifyAuditChainResponse {
            valid: first_bad_sequence.is_none(),
            records_checked: report.checked,
            first_bad_sequence,
            problem: problem.unwrap_or_default(),
            head_sequence: report.head_sequence,
            head_hash: wire::hex(&report.head_hash),
        }))
    }
}
