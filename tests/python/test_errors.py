"""Errors as a Python client reads them: code, reason, metadata and violations."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from conftest import NewAccount
from reflection import Caller, Refused

Code = grpc.StatusCode
SAVE = "IntegrationSettingsService/SaveIntegrationSettings"
GET = "ModelConfigService/GetModelConfig"
PUSH = "AccountService/UpsertAccount"
# Trailers above this turn into another error in Python clients.
LARGEST_STATUS = 8 * 1024


def refused(
    caller: Caller, method: str, request: dict[str, Any] | None = None, **more: Any
) -> Refused:
    """The refusal of a call, which is as every refusal must be."""
    with pytest.raises(Refused) as caught:
        caller.call(method, request, **more)
    error = caught.value
    assert error.domain == "aiconfig.igny8"
    assert error.message
    assert error.size < LARGEST_STATUS
    return error


def config(account: int, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "function_name": "generate_content", **more}


def test_who_may_not_call(nobody: Caller, backend: Caller, api: Any) -> None:
    texts = set()
    for caller in (nobody, Caller(api, "aic_none"), Caller(api, "")):
        error = refused(caller, GET, config(1))
        assert (error.code, error.reason) == (Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        texts.add(error.message)
    assert len(texts) == 1
    error = refused(backend, "TokenService/ListTokens")
    assert (error.code, error.reason) == (Code.PERMISSION_DENIED, "ROLE_FORBIDDEN")
    assert error.metadata["role"] == "BACKEND"


def test_what_is_not_there(backend: Caller, admin: Caller) -> None:
    def find(caller: Caller, method: str, request: dict[str, Any]) -> Refused:
        error = refused(caller, method, request)
        assert error.code is Code.NOT_FOUND
        return error

    function = find(backend, GET, {"account_id": 1, "function_name": "generate_contnet"})
    assert function.reason == "FUNCTION_NOT_FOUND"
    assert function.metadata["nearest"] == "generate_content"
    assert "generate_content" in function.message
    account = find(backend, "AccountService/GetAccount", {"account_id": 987})
    assert (account.reason, account.metadata["account_id"]) == ("ACCOUNT_NOT_FOUND", "987")
    provider = find(admin, "ProviderService/GetProvider", {"name": "mistral"})
    assert (provider.reason, provider.metadata["provider"]) == ("PROVIDER_NOT_FOUND", "mistral")
    model = find(admin, "ModelCatalogService/GetModel", {"model_id": "gpt-99"})
    assert (model.reason, model.metadata["model_id"]) == ("MODEL_NOT_FOUND", "gpt-99")


def test_what_the_state_forbids(backend: Caller, admin: Caller, new_account: NewAccount) -> None:
    free, inactive, growth = new_account("FREE"), new_account(active=False), new_account()

    def forbid(caller: Caller, method: str, request: dict[str, Any]) -> Refused:
        error = refused(caller, method, request)
        assert error.code is Code.FAILED_PRECONDITION
        [violation] = error.detail(error_details_pb2.PreconditionFailure).violations
        assert violation.type == error.reason
        return error

    request = {"account_id": free, "integration_type": "openai", "config": {"model": "gpt-4o"}}
    plan = forbid(backend, SAVE, request)
    assert plan.reason == "PLAN_FORBIDS_OVERRIDES"
    facts = {"account_id": str(free), "plan": "FREE", "resource": f"accounts/{free}"}
    assert plan.metadata == facts
    off = forbid(backend, GET, config(inactive))
    assert (off.reason, off.metadata["account_id"]) == ("ACCOUNT_INACTIVE", str(inactive))
    retired = forbid(backend, GET, config(growth, overrides={"model": "gpt-4"}))
    assert (retired.reason, retired.metadata["model_id"]) == ("MODEL_RETIRED", "gpt-4")
    assert retired.metadata["replacement"] in retired.message
    default = forbid(admin, "ModelCatalogService/SetDefaultModel", {"model_id": "gpt-4"})
    assert default.reason == "MODEL_NOT_USABLE"


def test_all_violations_come_at_once(backend: Caller, new_account: NewAccount) -> None:
    overrides = {"temperature": 9.5, "max_tokens": 0, "steps": 5}
    error = refused(backend, GET, config(new_account(), overrides=overrides))
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "FIELD_INVALID")
    assert sorted(error.fields) == [f"overrides.{name}" for name in sorted(overrides)]
    assert "9.5" not in error.message
    shape = refused(backend, GET, {"account_id": -1})
    assert sorted(shape.fields) == ["account_id", "function_name"]


@pytest.mark.parametrize(
    ("count", "shown", "rest"), [(20, 20, None), (21, 20, "1"), (300, 20, "280")]
)
def test_many_violations_are_cut_with_a_count(
    backend: Caller, new_account: NewAccount, count: int, shown: int, rest: str | None
) -> None:
    fields = {f"unknown_{at}": at for at in range(count)}
    request = {"account_id": new_account(), "integration_type": "openai", "config": fields}
    error = refused(backend, SAVE, request)
    assert len(error.fields) == shown
    assert error.metadata.get("truncated_violations") == rest


def test_long_names_do_not_break_the_status(backend: Caller, new_account: NewAccount) -> None:
    fields = {f"{at}{'x' * 1000}": at for at in range(30)}
    request = {"account_id": new_account(), "integration_type": "openai", "config": fields}
    error = refused(backend, SAVE, request)
    assert error.reason == "FIELD_INVALID"
    listed = [one for one in error.details if isinstance(one, error_details_pb2.BadRequest)]
    shown = sum(len(one.field_violations) for one in listed)
    assert int(error.metadata["truncated_violations"]) == 30 - shown


def test_a_changed_resource_is_not_overwritten(backend: Caller, new_account: NewAccount) -> None:
    account = new_account()
    request = {"account_id": account, "integration_type": "openai", "config": {"temperature": 0.5}}
    first = backend.call(SAVE, request)["integration_settings"]["etag"]
    changed = {**request, "config": {"temperature": 0.6}, "expected_etag": first}
    second = backend.call(SAVE, changed)["integration_settings"]["etag"]
    assert second != first
    error = refused(backend, SAVE, changed)
    assert (error.code, error.reason) == (Code.ABORTED, "ETAG_MISMATCH")


def test_a_request_id_is_for_one_body(backend: Caller, new_account: NewAccount) -> None:
    account = {"account_id": new_account(), "plan": "PLAN_SCALE", "active": True}
    request = {"account": {**account, "source_version": 2}, "request_id": "push-2"}
    first = backend.call(PUSH, request)
    assert backend.call(PUSH, request) == first
    other = {**request, "account": {**account, "source_version": 3}}
    error = refused(backend, PUSH, other)
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    blank = refused(backend, PUSH, {**request, "request_id": "a b"})
    assert blank.reason == "REQUEST_ID_INVALID"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"page_size": -1}, "PAGE_SIZE_INVALID"),
        ({"page_token": "bm90IG91cnM"}, "PAGE_TOKEN_INVALID"),
        ({"filter": "colour = red"}, "FILTER_INVALID"),
        ({"filter": "plan ="}, "FILTER_INVALID"),
        ({"order_by": "colour"}, "ORDER_BY_INVALID"),
    ],
)
def test_a_list_says_what_it_cannot_do(backend: Caller, query: dict[str, Any], reason: str) -> None:
    error = refused(backend, "AccountService/ListAccounts", query)
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, reason)


def test_a_revision_of_the_future_is_waited_for_in_vain(backend: Caller) -> None:
    request = {"min_revision": 10**12}
    error = refused(backend, "GlobalSettingsService/GetGlobalSettings", request, timeout=2.0)
    assert (error.code, error.reason) == (Code.DEADLINE_EXCEEDED, "REVISION_NOT_REACHED")


def test_every_error_can_be_looked_up(backend: Caller) -> None:
    error = refused(
        backend, "AccountService/GetAccount", {}, headers={"x-request-id": "look-me-up"}
    )
    assert error.detail(error_details_pb2.RequestInfo).request_id == "look-me-up"
