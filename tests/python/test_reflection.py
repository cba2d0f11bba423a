"""What a client finds out without any file of ours."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from reflection import PACKAGE, Api

SERVICES = {
    "AccountService",
    "AuditService",
    "GlobalPromptService",
    "GlobalSettingsService",
    "HistoryService",
    "IntegrationSettingsService",
    "ModelCatalogService",
    "ModelConfigService",
    "PromptService",
    "ProviderService",
    "TokenService",
}


def test_services_are_listed(api: Api) -> None:
    names = set(api.database.get_services())
    assert {f"{PACKAGE}.{service}" for service in SERVICES} <= names
    assert "grpc.health.v1.Health" in names
    assert "grpc.reflection.v1alpha.ServerReflection" in names
    assert "grpc.reflection.v1.ServerReflection" in names


def comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    locations = file.source_code_info.location
    return {tuple(one.path): one.leading_comments for one in locations if one.leading_comments}


def test_every_method_and_field_has_its_comment(api: Api) -> None:
    seen = 0
    for service in SERVICES:
        file = api.database.FindFileContainingSymbol(f"{PACKAGE}.{service}")
        texts = comments(file)
        for at, declared in enumerate(file.service):
            # Fields of descriptor.proto: service 6 and its method 2, message 4 and its field 2.
            assert texts[6, at]
            for method in range(len(declared.method)):
                assert texts[6, at, 2, method]
                seen += 1
        for at, message in enumerate(file.message_type):
            for field in range(len(message.field)):
                assert texts[4, at, 2, field]
                seen += 1
    assert seen > 100


def test_a_comment_reads_as_it_was_written(api: Api) -> None:
    file = api.database.FindFileContainingSymbol(f"{PACKAGE}.ModelConfigService")
    [service] = [at for at, one in enumerate(file.service) if one.name == "ModelConfigService"]
    [method] = [
        at for at, one in enumerate(file.service[service].method) if one.name == "GetModelConfig"
    ]
    text = comments(file)[6, service, 2, method]
    assert text.startswith(" Resolves model, parameters and, if asked and allowed")


@pytest.mark.parametrize(
    "symbol",
    [
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
        "google.rpc.PreconditionFailure",
        "google.rpc.ResourceInfo",
        "google.rpc.RetryInfo",
    ],
)
def test_error_details_can_be_read_by_reflection(api: Api, symbol: str) -> None:
    assert api.pool.FindMessageTypeByName(symbol).full_name == symbol


def test_secrets_are_marked(api: Api) -> None:
    for message, field in [
        ("AddProviderKeyRequest", "api_key"),
        ("CreateTokenResponse", "secret"),
        ("ModelConfig", "api_key"),
    ]:
        options = api.message(message).DESCRIPTOR.fields_by_name[field].GetOptions()
        assert options.debug_redact, f"{message}.{field}"
