//! Models, the default of a provider, and what needs care.

use aiconfig_application::Applied;
use aiconfig_domain::{
    Command, Modality, Model, ModelStatus, Reason, Rejection, ResourceKey, Snapshot, Stored,
    findings as catalogue_findings,
};
use aiconfig_proto::v1;
use tonic::{Request, Response, Status};

use crate::call::Gateway;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::order::order_of;
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn model(snapshot: &Snapshot, stored: &Stored<Model>) -> v1::Model {
    let id = &stored.value.model_id;
    let status = snapshot.model_status(&stored.value);
    let etag = snapshot.etag(&ResourceKey::Model(id.clone()));
    wire::model(stored, status, Some(snapshot.uses_of(id).total()), etag)
}

/// The model that a write was about.
fn subject(applied: &Applied<'_>) -> Option<v1::Model> {
    let Some(ResourceKey::Model(id)) = &applied.decision.subject else {
        return None;
    };
    Some(model(
        applied.snapshot,
        applied.snapshot.model(id.as_str())?,
    ))
}

/// A model by provider and id; of another provider it is not found.
fn find<'a>(
    snapshot: &'a Snapshot,
    provider: &str,
    id: &str,
) -> Result<&'a Stored<Model>, ApiError> {
    let found = snapshot.model(id);
    found
        .filter(|stored| provider.is_empty() || stored.value.provider.as_str() == provider)
        .ok_or_else(|| {
            let message = match found {
                Some(other) => format!("{id} is a model of {}", other.value.provider),
                None => format!("there is no model {id}; ListModels names them"),
            };
            Rejection::new(Reason::ModelNotFound, message)
                .about("Model", id)
                .into()
        })
}

pub(super) async fn create(
    gateway: &Gateway,
    request: Request<v1::CreateModelRequest>,
) -> Result<Response<v1::CreateModelResponse>, Status> {
    let now = gateway.app.now();
    let parse = |body| Ok(Command::CreateModel(wire::new_model(body, now)?));
    gateway
        .write(request, parse, |applied| v1::CreateModelResponse {
            model: subject(applied),
            warnings: applied.decision.warnings.clone(),
            revision: applied.snapshot.revision(),
        })
        .await
}

pub(super) async fn get(
    gateway: &Gateway,
    request: Request<v1::GetModelRequest>,
) -> Result<Response<v1::GetModelResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let found = find(&live.snapshot, &asked.provider, &asked.model_id)?;
    Ok(Response::new(v1::GetModelResponse {
        model: Some(model(&live.snapshot, found)),
    }))
}

const NAMES: &[Name] = &[
    Name::Exact("provider"),
    Name::Exact("modality"),
    Name::Exact("active"),
    Name::Exact("is_default"),
    Name::Exact("status"),
];

/// A model beside its status, which is not stored.
type Entry = (Model, ModelStatus);

fn read_filter(text: &str) -> Result<Test<Entry>, ApiError> {
    const STATUSES: [(ModelStatus, &str); 3] = [
        (ModelStatus::Usable, "USABLE"),
        (ModelStatus::Retired, "RETIRED"),
        (ModelStatus::Inactive, "INACTIVE"),
    ];
    tests(text, NAMES, |condition| {
        let value = condition.value.clone();
        Ok(match condition.name {
            "provider" => {
                Box::new(move |(model, _): &Entry| model.provider.as_str() == value) as Test<Entry>
            }
            "modality" => {
                let wanted = condition.one_of("MODALITY_", &Modality::ALL, Modality::as_str)?;
                Box::new(move |(model, _)| model.modality == wanted)
            }
            "active" => {
                let wanted = condition.flag()?;
                Box::new(move |(model, _)| model.active == wanted)
            }
            "is_default" => {
                let wanted = condition.flag()?;
                Box::new(move |(model, _)| model.is_default == wanted)
            }
            _ => {
                let (wanted, _) = condition.one_of("MODEL_STATUS_", &STATUSES, |(_, name)| name)?;
                Box::new(move |(_, status)| *status == wanted)
            }
        })
    })
}

pub(super) async fn list(
    gateway: &Gateway,
    request: Request<v1::ListModelsRequest>,
) -> Result<Response<v1::ListModelsResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let snapshot = &live.snapshot;
    let matches = read_filter(&asked.filter)?;
    let (field, backwards) = order_of(&asked.order_by, &["provider", "model_id", "display_name"])?;
    let query = ListQuery {
        order_by: &asked.order_by,
        ..ListQuery::new("ListModels", &asked.filter)
    };
    // The id makes the key unique; the separator sorts before all that a name can hold.
    let key = |stored: &&Stored<Model>| match field {
        "provider" => format!("{}\u{1}{}", stored.value.provider, stored.value.model_id),
        "model_id" => stored.value.model_id.to_string(),
        _ => format!(
            "{}\u{1}{}",
            stored.value.display_name, stored.value.model_id
        ),
    };
    let entries = snapshot.models().filter(|stored| {
        let entry = (stored.value.clone(), snapshot.model_status(&stored.value));
        matches(&entry)
    });
    let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
        entries,
        key,
        backwards,
        |stored| model(snapshot, stored),
    );
    Ok(Response::new(v1::ListModelsResponse {
        models: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
        revision: snapshot.revision(),
    }))
}

pub(super) async fn update(
    gateway: &Gateway,
    request: Request<v1::UpdateModelRequest>,
) -> Result<Response<v1::UpdateModelResponse>, Status> {
    let now = gateway.app.now();
    let parse = |body| Ok(Command::UpdateModel(wire::update_model(body, now)?));
    gateway
        .write(request, parse, |applied| v1::UpdateModelResponse {
            model: subject(applied),
            warnings: applied.decision.warnings.clone(),
            changed: applied.changed,
            revision: applied.snapshot.revision(),
        })
        .await
}

pub(super) async fn delete(
    gateway: &Gateway,
    request: Request<v1::DeleteModelRequest>,
) -> Result<Response<v1::DeleteModelResponse>, Status> {
    let parse = |body| Ok(Command::DeleteModel(wire::delete_model(body)?));
    gateway
        .write(request, parse, |applied| v1::DeleteModelResponse {
            revision: applied.snapshot.revision(),
        })
        .await
}

pub(super) async fn set_default(
    gateway: &Gateway,
    request: Request<v1::SetDefaultModelRequest>,
) -> Result<Response<v1::SetDefaultModelResponse>, Status> {
    let parse = |body| Ok(Command::SetDefaultModel(wire::set_default_model(body)?));
    gateway
        .write(request, parse, |applied| v1::SetDefaultModelResponse {
            model: subject(applied),
            former_default: applied.decision.former.clone().unwrap_or_default(),
            changed: applied.changed,
            revision: applied.snapshot.revision(),
        })
        .await
}

/// Kinds and severities by name, without their prefixes.
fn read_finding_filter(text: &str) -> Result<Test<v1::Finding>, ApiError> {
    use v1::{FindingKind as Kind, FindingSeverity as Severity};
    const KINDS: [Kind; 6] = [
        Kind::DatePassed,
        Kind::DateNear,
        Kind::DanglingModel,
        Kind::RetiredModelUsed,
        Kind::PriceMissing,
        Kind::KeyUnreadable,
    ];
    const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];
    const BOTH: &[Name] = &[Name::Exact("kind"), Name::Exact("severity")];
    let kind = |kind: Kind| kind.as_str_name().trim_start_matches("FINDING_KIND_");
    let severity = |of: Severity| of.as_str_name().trim_start_matches("FINDING_SEVERITY_");
    tests(text, BOTH, |condition| {
        Ok(if condition.name == "kind" {
            let wanted = condition.one_of("FINDING_KIND_", &KINDS, kind)?;
            Box::new(move |finding: &v1::Finding| finding.kind() == wanted) as Test<v1::Finding>
        } else {
            let wanted = condition.one_of("FINDING_SEVERITY_", &SEVERITIES, severity)?;
            Box::new(move |finding| finding.severity() == wanted)
        })
    })
}

pub(super) async fn findings(
    gateway: &Gateway,
    request: Request<v1::ListFindingsRequest>,
) -> Result<Response<v1::ListFindingsResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let matches = read_finding_filter(&asked.filter)?;
    let keys = live
        .unusable_keys()
        .map(|(provider, version, why)| wire::unreadable_key(provider, version, &why.to_string()));
    let catalogue = catalogue_findings(&live.snapshot, gateway.app.now());
    let mut found: Vec<v1::Finding> = keys
        .chain(catalogue.iter().map(wire::finding))
        .filter(|finding| matches(finding))
        .collect();
    // The worst first, then by name: an order that stays while other findings come and go.
    found.sort_by_cached_key(finding_key);
    let query = ListQuery::new("ListFindings", &asked.filter);
    let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
        found.into_iter(),
        finding_key,
        false,
        |finding| finding,
    );
    Ok(Response::new(v1::ListFindingsResponse {
        findings: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
        revision: live.snapshot.revision(),
    }))
}

fn finding_key(finding: &v1::Finding) -> String {
    let (severity, kind) = (9 - finding.severity, finding.kind);
    format!("{severity}\u{1}{kind}\u{1}{}", finding.resource)
}
