"""The callers of a running server; its address and first tokens come from the environment."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reflection import Api, Caller

# What the platform calls providers with; made up.
OPENAI_KEY = "sk-test-python-0123456789abcdefghij"

NewAccount = Callable[..., int]


@pytest.fixture(scope="session")
def api() -> Api:
    return Api(os.environ["AICONFIG_ADDR"])


@pytest.fixture(scope="session")
def admin(api: Api) -> Caller:
    return Caller.from_file(api, os.environ["AICONFIG_ADMIN_TOKEN_FILE"])


@pytest.fixture(scope="session")
def backend(api: Api) -> Caller:
    return Caller.from_file(api, os.environ["AICONFIG_BACKEND_TOKEN_FILE"])


@pytest.fixture(scope="session")
def nobody(api: Api) -> Caller:
    return Caller(api, None)


@pytest.fixture(scope="session")
def openai_key(admin: Caller) -> str:
    """The platform's primary key of openai."""
    add = {"provider": "openai", "api_key": OPENAI_KEY}
    version = admin.call("ProviderService/AddProviderKey", add)["provider_key"]["version"]
    promote = {"provider": "openai", "version": version}
    admin.call("ProviderService/PromoteProviderKey", promote)
    return OPENAI_KEY


_account_ids = itertools.count(1001)


@pytest.fixture
def new_account(backend: Caller) -> NewAccount:
    """Pushes an account of its own for a test and gives its id."""

    def push(plan: str = "GROWTH", **fields: Any) -> int:
        account = {
            "account_id": next(_account_ids),
            "plan": f"PLAN_{plan}",
            "active": True,
            "source_version": 1,
            **fields,
        }
        assert backend.call("AccountService/UpsertAccount", {"account": account})["applied"]
        return account["account_id"]

    return push


@pytest.fixture
def new_provider(admin: Caller) -> Callable[[], str]:
    """Adds a text provider of its own for a test and gives its name."""

    def create() -> str:
        name = f"provider_p{next(_account_ids)}"
        provider = {
            "name": name,
            "display_name": "A provider",
            "modalities": ["MODALITY_TEXT"],
            "base_url": "https://api.example.org/v1",
        }
        admin.call("ProviderService/CreateProvider", {"provider": provider})
        return name

    return create


@pytest.fixture
def kept_globals(admin: Caller) -> Iterator[dict[str, Any]]:
    """The global settings, which are put back after the test."""
    before = admin.call("GlobalSettingsService/GetGlobalSettings")["global_settings"]["sections"]
    yield before
    admin.call(
        "GlobalSettingsService/UpdateGlobalSettings",
        {"global_settings": {"sections": before}, "update_mask": "sections"},
    )
