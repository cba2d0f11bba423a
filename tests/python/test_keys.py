"""Provider keys: in through the admin, out to the backend, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from conftest import NewAccount
from reflection import Caller, Refused

PROVIDERS = "ProviderService"
KEY = "sk-test-life-0123456789abcdefghij"


def add(admin: Caller, provider: str, key: str = KEY, **more: Any) -> dict[str, Any]:
    request = {"provider": provider, "api_key": key, **more}
    return admin.call(f"{PROVIDERS}/AddProviderKey", request)["provider_key"]


def promote(admin: Caller, provider: str, version: int, **more: Any) -> dict[str, Any]:
    request = {"provider": provider, "version": version, **more}
    return admin.call(f"{PROVIDERS}/PromoteProviderKey", request)


def states(admin: Caller, provider: str) -> list[tuple[int, str]]:
    keys = admin.call(f"{PROVIDERS}/ListProviderKeys", {"provider": provider})["provider_keys"]
    return [(key["version"], key["state"].removeprefix("KEY_STATE_")) for key in keys]


def test_only_the_backend_gets_the_key(
    admin: Caller, backend: Caller, openai_key: str, new_account: NewAccount
) -> None:
    request = {"account_id": new_account(), "function_name": "generate_content"}
    get = "ModelConfigService/GetModelConfig"
    config = backend.call(get, {**request, "include_api_key": True})["model_config"]
    assert (config["api_key"], config["key_provider"]) == (openai_key, "openai")
    for caller in (admin, backend):
        plain = caller.call(get, request)["model_config"]
        assert (plain["api_key"], plain["key_available"]) == ("", True)
        assert plain["key_fingerprint"] == config["key_fingerprint"]
        assert plain["etag"] == config["etag"]
    with pytest.raises(Refused) as refused:
        admin.call(get, {**request, "include_api_key": True})
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    assert refused.value.reason == "KEY_READ_FORBIDDEN"
    for role in ("RESOLVER", "AUDITOR"):
        made = admin.call("TokenService/CreateToken", {"label": role, "role": f"ROLE_{role}"})
        holder = Caller(admin.api, made["secret"])
        assert holder.call(get, request)["model_config"]["api_key"] == ""
        with pytest.raises(Refused) as refused:
            holder.call(get, {**request, "include_api_key": True})
        assert refused.value.reason == "KEY_READ_FORBIDDEN"


def test_no_view_of_an_admin_shows_a_key(admin: Caller, openai_key: str) -> None:
    answers = [
        admin.call(f"{PROVIDERS}/ListProviderKeys", {"provider": "openai"}),
        admin.call(f"{PROVIDERS}/ListProviders"),
        admin.call("GlobalSettingsService/GetGlobalSettings"),
        admin.call("AuditService/ListAuditRecords", {"page_size": 1000}),
    ]
    assert openai_key not in str(answers)
    [key] = [one for one in answers[0]["provider_keys"] if one["state"] == "KEY_STATE_PRIMARY"]
    assert key["mask"].endswith(openai_key[-4:])
    assert len(key["fingerprint"]) == 16


def test_a_rotation_and_its_rollback(admin: Caller, new_provider: Callable[[], str]) -> None:
    name = new_provider()
    assert add(admin, name)["state"] == "KEY_STATE_STANDBY"
    assert not promote(admin, name, 1).get("former_primary_version")
    add(admin, name, f"{KEY}2")
    assert states(admin, name) == [(2, "STANDBY"), (1, "PRIMARY")]
    with pytest.raises(Refused) as refused:
        promote(admin, name, 2, expected_primary_version=2)
    assert refused.value.reason == "EXPECTED_PRIMARY_MISMATCH"
    assert refused.value.code is grpc.StatusCode.ABORTED
    assert promote(admin, name, 2, expected_primary_version=1)["former_primary_version"] == 1
    assert states(admin, name) == [(2, "PRIMARY"), (1, "RETIRED")]
    admin.call(f"{PROVIDERS}/RollbackProviderKey", {"provider": name})
    assert states(admin, name) == [(2, "STANDBY"), (1, "PRIMARY")]
    with pytest.raises(Refused) as refused:
        admin.call(f"{PROVIDERS}/RollbackProviderKey", {"provider": name})
    assert refused.value.reason == "NO_RETIRED_KEY"


def test_a_primary_is_revoked_but_never_destroyed(
    admin: Caller, new_provider: Callable[[], str]
) -> None:
    name = new_provider()
    key = add(admin, name)
    promote(admin, name, 1)
    destroy = {"provider": name, "version": 1, "fingerprint": key["fingerprint"]}
    with pytest.raises(Refused) as refused:
        admin.call(f"{PROVIDERS}/DestroyProviderKey", destroy)
    assert refused.value.reason == "KEY_IN_USE"
    revoke = {"provider": name, "version": 1}
    admin.call(f"{PROVIDERS}/RevokeProviderKey", revoke)
    assert not admin.call(f"{PROVIDERS}/RevokeProviderKey", revoke)["changed"]
    with pytest.raises(Refused) as refused:
        promote(admin, name, 1)
    assert refused.value.reason == "KEY_STATE_INVALID"
    wrong = {**destroy, "fingerprint": "0123456789abcdef"}
    with pytest.raises(Refused) as refused:
        admin.call(f"{PROVIDERS}/DestroyProviderKey", wrong)
    assert refused.value.reason == "FINGERPRINT_MISMATCH"
    admin.call(f"{PROVIDERS}/DestroyProviderKey", destroy)
    assert states(admin, name) == [(1, "DESTROYED")]


def test_a_frozen_key_is_not_released(
    admin: Caller, backend: Caller, openai_key: str, new_account: NewAccount
) -> None:
    request = {
        "account_id": new_account(),
        "function_name": "generate_content",
        "include_api_key": True,
    }
    get = "ModelConfigService/GetModelConfig"
    for switch in ({"provider": "openai"}, {}):
        admin.call(f"{PROVIDERS}/SetKeyFreeze", {**switch, "frozen": True})
        try:
            with pytest.raises(Refused) as refused:
                backend.call(get, request)
            assert refused.value.reason == "KEY_FROZEN"
        finally:
            admin.call(f"{PROVIDERS}/SetKeyFreeze", {**switch, "frozen": False})
        assert backend.call(get, request)["model_config"]["api_key"] == openai_key


def test_an_admin_makes_no_token_that_reads_keys(admin: Caller) -> None:
    with pytest.raises(Refused) as refused:
        admin.call("TokenService/CreateToken", {"label": "keys", "role": "ROLE_BACKEND"})
    assert refused.value.reason == "ROLE_FORBIDDEN"
    assert refused.value.metadata["role"] == "BACKEND"


def test_a_repeated_request_never_shows_a_secret_again(admin: Caller) -> None:
    request = {"label": "once", "role": "ROLE_AUDITOR", "request_id": "create-once"}
    first = admin.call("TokenService/CreateToken", request)
    again = admin.call("TokenService/CreateToken", request)
    assert first["secret"]
    assert not first["secret_omitted"]
    assert (again["secret"], again["secret_omitted"]) == ("", True)
    assert again["token"] == first["token"]


def test_images_use_the_key_of_openai_while_dalle_has_none(
    backend: Caller, openai_key: str, new_account: NewAccount
) -> None:
    request = {
        "account_id": new_account(),
        "function_name": "generate_images",
        "include_api_key": True,
    }
    config = backend.call("ModelConfigService/GetModelConfig", request)["model_config"]
    assert (config["provider"], config["key_provider"]) == ("dalle", "openai")
    assert config["api_key"] == openai_key


def test_a_missing_key_names_its_provider(
    admin: Caller, backend: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    save = {
        "account_id": account,
        "integration_type": "text_generation",
        "config": {"service": "anthropic"},
    }
    backend.call("IntegrationSettingsService/SaveIntegrationSettings", save)
    request = {"account_id": account, "function_name": "generate_content"}
    get = "ModelConfigService/GetModelConfig"
    assert not backend.call(get, request)["model_config"]["key_available"]
    with pytest.raises(Refused) as refused:
        backend.call(get, {**request, "include_api_key": True})
    assert refused.value.reason == "PROVIDER_KEY_MISSING"
    assert refused.value.metadata["provider"] == "anthropic"
