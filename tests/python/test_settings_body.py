"""The JSON of a browser: credentials, unknown fields and masks."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseError

from conftest import NewAccount
from reflection import Api, Caller, Refused

SAVE = "IntegrationSettingsService/SaveIntegrationSettings"
UPDATE_GLOBALS = "GlobalSettingsService/UpdateGlobalSettings"
CANARY = "sk-test-canary-0123456789abcdef"


def body(account: int, config: dict[str, Any], kind: str = "openai", **more: Any) -> dict[str, Any]:
    return {"account_id": account, "integration_type": kind, "config": config, **more}


def overrides(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["integration_settings"]["overrides"]


def test_credentials_are_stripped_at_any_depth_and_named(
    backend: Caller, admin: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    config = {
        "model": "gpt-4o",
        "max_tokens": 4000,
        "apiKey": CANARY,
        "openai_api_key": CANARY,
        "advanced": {"apiKey": CANARY, "headers": {"Authorization": f"Bearer {CANARY}"}},
    }
    answer = backend.call(SAVE, body(account, config))
    assert overrides(answer) == {"model": "gpt-4o", "max_tokens": 4000}
    assert sorted(answer["stripped_fields"]) == [
        "advanced.apiKey",
        "advanced.headers.Authorization",
        "apiKey",
        "openai_api_key",
    ]
    audit = admin.call("AuditService/ListAuditRecords", {"page_size": 20})
    assert CANARY not in str(answer)
    assert CANARY not in str(audit)


def test_a_refusal_names_what_was_stripped_too_and_shows_no_value(
    backend: Caller, new_account: NewAccount
) -> None:
    config = {"nested": {"apiKey": CANARY, "colour": "ultraviolet"}, "model": "no-such-model"}
    with pytest.raises(Refused) as refused:
        backend.call(SAVE, body(new_account(), config))
    error = refused.value
    assert error.reason == "FIELD_INVALID"
    assert error.metadata["stripped_fields"] == "nested.apiKey"
    assert len(error.fields) == 2
    shown = f"{error.message} {error.details}"
    for value in (CANARY, "ultraviolet", "no-such-model"):
        assert value not in shown


def test_what_a_view_gave_out_may_come_back(backend: Caller, new_account: NewAccount) -> None:
    account = new_account()
    request = {"account_id": account, "integration_type": "openai"}
    get = "IntegrationSettingsService/GetIntegrationSettings"
    seen = backend.call(get, request)["integration_settings"]
    known = ("id", "using_global", "sources", "can_override", "choices", "etag", "revision")
    config = {**{name: seen[name] for name in known}, **seen["values"]}
    answer = backend.call(SAVE, body(account, config))
    assert overrides(answer) == seen["values"]
    assert sorted(answer["pinned_same_as_default"]) == ["max_tokens", "model", "temperature"]


def test_a_mask_sets_and_clears(backend: Caller, new_account: NewAccount) -> None:
    account = new_account()
    backend.call(SAVE, body(account, {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 500}))
    answer = backend.call(
        SAVE, body(account, {"temperature": 0.3}, update_mask="temperature,maxTokens")
    )
    assert overrides(answer) == {"model": "gpt-4o", "temperature": 0.3}
    with pytest.raises(Refused) as refused:
        backend.call(SAVE, body(account, {"temperature": 0.4}, update_mask="model"))
    assert refused.value.reason == "MASK_INVALID"
    replaced = backend.call(SAVE, body(account, {"max_tokens": 900}, update_mask="*"))
    assert overrides(replaced) == {"max_tokens": 900}


def test_only_camel_case_goes_into_a_mask_as_json(
    admin: Caller, api: Api, kept_globals: dict[str, Any]
) -> None:
    sections = {"image_generation": {"max_in_article_images": 5}}
    request = {"global_settings": {"sections": sections}}
    mask = "sections.image_generation.max_in_article_images"
    with pytest.raises(ParseError):
        admin.call(UPDATE_GLOBALS, {**request, "update_mask": mask})
    mask = "sections.imageGeneration.maxInArticleImages"
    answer = admin.call(UPDATE_GLOBALS, {**request, "update_mask": mask})
    section = answer["global_settings"]["sections"]["image_generation"]
    assert section == {**kept_globals["image_generation"], "max_in_article_images": 5}

    # As a message a mask has the names of the protos.
    message = api.message("UpdateGlobalSettingsRequest")()
    message.global_settings.SetInParent()
    message.update_mask.paths.append("sections.image_generation.max_in_article_images")
    answer = admin.call(UPDATE_GLOBALS, message)
    assert "max_in_article_images" not in answer["global_settings"]["sections"]["image_generation"]
    message.update_mask.paths[:] = ["sections.image_generation.colour"]
    with pytest.raises(Refused) as refused:
        admin.call(UPDATE_GLOBALS, message)
    assert refused.value.reason == "MASK_INVALID"
    with pytest.raises(Refused) as refused:
        admin.call(UPDATE_GLOBALS, {**request, "update_mask": "sections.openai.model"})
    assert refused.value.reason == "MASK_INVALID"
    section = "global_settings.sections.image_generation"
    assert refused.value.fields == [f"{section}.max_in_article_images"]


def test_without_a_mask_zero_is_a_value(
    admin: Caller, backend: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    answer = backend.call(SAVE, body(account, {"temperature": 0}))
    assert overrides(answer) == {"temperature": 0.0}
    request = {"account_id": account, "function_name": "generate_content"}
    config = admin.call("ModelConfigService/GetModelConfig", request)["model_config"]
    assert config["temperature"] == 0.0
