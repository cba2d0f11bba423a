"""The scenarios and flows of the product's documents, as the Django backend would walk them."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import NewAccount
from reflection import Caller, Refused

SETTINGS = "IntegrationSettingsService"


def view(backend: Caller, account: int, kind: str = "openai") -> dict[str, Any]:
    request = {"account_id": account, "integration_type": kind}
    return backend.call(f"{SETTINGS}/GetIntegrationSettings", request)["integration_settings"]


def save(
    backend: Caller, account: int, config: dict[str, Any], kind: str = "openai", **more: Any
) -> dict[str, Any]:
    request = {"account_id": account, "integration_type": kind, "config": config, **more}
    return backend.call(f"{SETTINGS}/SaveIntegrationSettings", request)


def resolve(
    caller: Caller, account: int, function: str = "generate_content", **more: Any
) -> dict[str, Any]:
    request = {"account_id": account, "function_name": function, **more}
    return caller.call("ModelConfigService/GetModelConfig", request)["model_config"]


def update_globals(admin: Caller, sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    request = {"global_settings": {"sections": sections}, **more}
    return admin.call("GlobalSettingsService/UpdateGlobalSettings", request)


def test_scenario_1_a_new_user_sees_the_platform_defaults(
    backend: Caller, new_account: NewAccount, openai_key: str
) -> None:
    account = new_account("STARTER")
    seen = view(backend, account)
    assert (seen["id"], seen["enabled"], seen["using_global"]) == ("openai", True, True)
    defaults = {"model": "gpt-4o-mini", "temperature": 0.7, "max_tokens": 8192}
    assert seen["values"] == seen["defaults"] == defaults
    assert seen["overrides"] == {}
    assert openai_key not in str(seen)
    assert not [name for name in seen if "key" in name]
    config = resolve(backend, account, include_api_key=True)
    assert (config["api_key"], config["model"], config["using_global"]) == (
        openai_key,
        "gpt-4o-mini",
        True,
    )


def test_scenario_2_a_user_customises_the_model(
    backend: Caller, new_account: NewAccount, openai_key: str
) -> None:
    account = new_account()
    other = new_account()
    body = {"model": "gpt-4o", "temperature": 0.8, "max_tokens": 4000}
    saved = save(backend, account, body)
    assert saved["changed"]
    assert saved["stripped_fields"] == []
    seen = view(backend, account)
    assert (seen["values"], seen["using_global"]) == (body, False)
    config = resolve(backend, account, include_api_key=True)
    assert {name: config[name] for name in ("api_key", "model", "temperature", "max_tokens")} == {
        "api_key": openai_key,
        **body,
    }
    assert config["sources"] == {
        "service": "FIELD_SOURCE_GLOBAL",
        "model": "FIELD_SOURCE_ACCOUNT",
        "temperature": "FIELD_SOURCE_ACCOUNT",
        "max_tokens": "FIELD_SOURCE_ACCOUNT",
    }
    assert resolve(backend, other)["model"] == "gpt-4o-mini"


def test_null_and_absent_mean_the_global_default_field_by_field(
    backend: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    save(backend, account, {"model": "gpt-4o", "temperature": 0.8})
    save(backend, account, {"temperature": None})
    seen = view(backend, account)
    assert seen["overrides"] == {"model": "gpt-4o"}
    assert seen["values"] == {"model": "gpt-4o", "temperature": 0.7, "max_tokens": 8192}
    cleared = save(backend, account, {"model": None})
    assert cleared["integration_settings"]["using_global"]
    assert view(backend, account)["overrides"] == {}


def test_scenario_3_the_default_saved_is_an_override_until_it_is_reset(
    backend: Caller, admin: Caller, new_account: NewAccount, kept_globals: dict[str, Any]
) -> None:
    account = new_account()
    saved = save(backend, account, {"model": "gpt-4o-mini"})
    assert saved["pinned_same_as_default"] == ["model"]
    assert not saved["integration_settings"]["using_global"]
    update_globals(admin, {"openai": {"model": "gpt-4.1"}})
    assert resolve(backend, account)["model"] == "gpt-4o-mini"
    request = {"account_id": account, "integration_type": "openai"}
    reset = backend.call(f"{SETTINGS}/ResetIntegrationSettings", request)
    assert reset["changed"]
    assert reset["integration_settings"]["using_global"]
    assert resolve(backend, account)["model"] == "gpt-4.1"
    again = backend.call(f"{SETTINGS}/ResetIntegrationSettings", request)
    assert not again["changed"]


def test_scenario_4_a_new_global_default_reaches_whoever_has_not_chosen(
    backend: Caller,
    admin: Caller,
    new_account: NewAccount,
    kept_globals: dict[str, Any],
    openai_key: str,
) -> None:
    chosen, free, starter = new_account(), new_account("FREE"), new_account("STARTER")
    save(backend, chosen, {"model": "gpt-4o"})
    assert update_globals(admin, {"openai": {"model": "gpt-4.1"}})["changed"]
    unknown = 999_999
    for account, model in [
        (chosen, "gpt-4o"),
        (free, "gpt-4.1"),
        (starter, "gpt-4.1"),
        (unknown, "gpt-4.1"),
    ]:
        config = resolve(backend, account, include_api_key=True)
        assert (config["model"], config["api_key"]) == (model, openai_key)
        assert config["account_known"] == (account != unknown)
    with pytest.raises(Refused) as refused:
        update_globals(backend, {"openai": {"model": "gpt-4.1"}})
    assert refused.value.reason == "ROLE_FORBIDDEN"


def test_images_of_the_documents(backend: Caller, new_account: NewAccount) -> None:
    account = new_account("SCALE")
    default = resolve(backend, account, "generate_images")
    assert (default["service"], default["provider"]) == ("openai", "dalle")
    assert default["image"]["image_size"] == "1024x1024"
    config = {"service": "runware", "model": "runware:100@1"}
    save(backend, account, config, kind="image_generation")
    own = resolve(backend, account, "generate_images")
    assert (own["provider"], own["model"]) == ("runware", "runware:100@1")
    assert own["image"]["image_size"] == "1280x768"
    assert own["sources"]["service"] == "FIELD_SOURCE_ACCOUNT"
    for kind in ("dalle", "runware"):
        view(backend, account, kind)
        with pytest.raises(Refused) as refused:
            save(backend, account, {"model": "runware:97@1"}, kind=kind)
        assert refused.value.reason == "FIELD_INVALID"
        assert "image_generation" in str(refused.value)


def test_an_old_model_still_saves_and_its_replacement_is_used(
    backend: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    saved = save(backend, account, {"model": "gpt-4", "temperature": 0.8, "max_tokens": 4000})
    config = resolve(backend, account)
    [warning] = [text for text in saved["warnings"] if "gpt-4" in text]
    assert config["model"] in warning
    [adjustment] = [one for one in config["adjustments"] if one["field"] == "model"]
    assert adjustment == {
        "field": "model",
        "kind": "ADJUSTMENT_KIND_MODEL_RETIRED_REPLACED",
        "from": "gpt-4",
        "to": config["model"],
        "level": "FIELD_SOURCE_ACCOUNT",
    }


@pytest.mark.parametrize("plan", ["STARTER", "GROWTH", "SCALE"])
def test_three_plans_may_override(backend: Caller, new_account: NewAccount, plan: str) -> None:
    account = new_account(plan)
    assert save(backend, account, {"temperature": 0.1})["integration_settings"]["can_override"]
    assert resolve(backend, account)["temperature"] == 0.1


def test_free_may_read_and_remove_but_not_override(
    backend: Caller, new_account: NewAccount
) -> None:
    account = new_account("FREE")
    seen = view(backend, account)
    assert not seen["can_override"]
    for config in ({"model": "gpt-4o"}, seen["values"], {"enabled": True}):
        with pytest.raises(Refused) as refused:
            save(backend, account, config)
        assert refused.value.reason == "PLAN_FORBIDS_OVERRIDES"
    assert not save(backend, account, {"model": None, "enabled": False})["warnings"]
    with pytest.raises(Refused) as refused:
        resolve(backend, account, overrides={"model": "gpt-4o"})
    assert refused.value.reason == "PLAN_FORBIDS_OVERRIDES"
    assert resolve(backend, account, overrides={"max_tokens": 100})["max_tokens"] == 100


def test_a_downgrade_lets_overrides_sleep_and_an_upgrade_wakes_them(
    backend: Caller, new_account: NewAccount
) -> None:
    account = new_account()
    save(backend, account, {"model": "gpt-4o"})

    def move(plan: str, version: int) -> None:
        pushed = {
            "account_id": account,
            "plan": f"PLAN_{plan}",
            "active": True,
            "source_version": version,
        }
        backend.call("AccountService/UpsertAccount", {"account": pushed})

    move("FREE", 2)
    asleep = resolve(backend, account)
    assert (asleep["model"], asleep["dormant_overrides"]) == ("gpt-4o-mini", True)
    assert view(backend, account)["overrides"] == {"model": "gpt-4o"}
    move("SCALE", 3)
    awake = resolve(backend, account)
    assert (awake["model"], awake["dormant_overrides"]) == ("gpt-4o", False)


def test_there_are_four_plans(backend: Caller, api: Any) -> None:
    plans = backend.call("AccountService/ListPlans")["plans"]
    assert [(one["plan"], one["may_override"]) for one in plans] == [
        ("PLAN_FREE", False),
        ("PLAN_STARTER", True),
        ("PLAN_GROWTH", True),
        ("PLAN_SCALE", True),
    ]
    # The number that an `enterprise` plan would have.
    request = api.message("UpsertAccountRequest")()
    request.account.account_id = 5_000
    request.account.plan = 5
    request.account.source_version = 1
    with pytest.raises(Refused) as refused:
        backend.call("AccountService/UpsertAccount", request)
    assert (refused.value.reason, refused.value.fields) == ("FIELD_INVALID", ["account.plan"])
    for plan in ("FREE", "STARTER", "GROWTH", "SCALE"):
        assert plan in refused.value.message


def test_a_batch_answers_item_by_item(backend: Caller, new_account: NewAccount) -> None:
    account = new_account()
    gone = new_account(active=False)
    requests = [
        {"account_id": account, "function_name": "auto_cluster"},
        {"account_id": account, "function_name": "auto_clutser"},
        {"account_id": gone, "function_name": "auto_cluster"},
    ]
    results = backend.call("ModelConfigService/BatchGetModelConfigs", {"requests": requests})
    good, unknown, inactive = results["results"]
    assert good["model_config"]["function_name"] == "auto_cluster"
    for item, reason in [(unknown, "FUNCTION_NOT_FOUND"), (inactive, "ACCOUNT_INACTIVE")]:
        [info] = [one for one in item["error"]["details"] if one["@type"].endswith("ErrorInfo")]
        assert info["reason"] == reason


@pytest.mark.parametrize("function", ["generate_content", "generate_images"])
def test_admins_explain_a_configuration(
    admin: Caller, backend: Caller, new_account: NewAccount, function: str
) -> None:
    account = new_account()
    # Its provider is the service: the row names none.
    save(backend, account, {"model": "runware:100@1"}, kind="image_generation")
    config = resolve(admin, account, function, include_explanation=True)
    fields = {one["field"]: one for one in config["explanation"]["fields"]}
    assert "service" in config["sources"]
    for name, source in config["sources"].items():
        assert fields[name]["winner"] == source
        [won] = [one for one in fields[name]["levels"] if one["outcome"] == "OUTCOME_WON"]
        assert won["source"] == source
    [service] = [one for one in fields["service"]["levels"] if one["outcome"] == "OUTCOME_WON"]
    assert service["value"] == config["service"]
