"""A client that knows the API by reflection alone: no generated code, no proto files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

PACKAGE = "igny8.aiconfig.v1"
# Seconds that a call may take.
TIMEOUT = 10.0


class Refused(Exception):
    """A call that the server refused, with the details of its status."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.code: grpc.StatusCode = error.code()
        self.message: str = error.details()
        status = rpc_status.from_call(error)
        self.details: list[Message] = []
        for packed in status.details if status else ():
            detail = getattr(error_details_pb2, packed.TypeName().removeprefix("google.rpc."))()
            assert packed.Unpack(detail)
            self.details.append(detail)
        # Trailers, where the details are, must stay below what clients accept.
        self.size: int = len(status.SerializeToString()) if status else 0

    def detail(self, kind: type[Message]) -> Any:
        """The one detail of a kind."""
        [found] = [detail for detail in self.details if isinstance(detail, kind)]
        return found

    @property
    def domain(self) -> str:
        return self.detail(error_details_pb2.ErrorInfo).domain

    @property
    def reason(self) -> str:
        return self.detail(error_details_pb2.ErrorInfo).reason

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.detail(error_details_pb2.ErrorInfo).metadata)

    @property
    def fields(self) -> list[str]:
        """The fields of all violations."""
        violations = self.detail(error_details_pb2.BadRequest).field_violations
        return [violation.field for violation in violations]


class Api:
    """The types of a server, read once from its reflection."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def message(self, name: str) -> type[Message]:
        """The class of a message of the API."""
        return GetMessageClass(self.pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


class Caller:
    """Somebody with a token; without one if it is None."""

    def __init__(self, api: Api, token: str | None) -> None:
        self.api = api
        self.token = token

    @classmethod
    def from_file(cls, api: Api, file: str) -> Caller:
        return cls(api, Path(file).read_text(encoding="ascii").strip())

    def call(
        self,
        method: str,
        request: Mapping[str, Any] | Message | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> dict[str, Any]:
        """The answer of `Service/Method` as JSON with the field names of the protos.

        Raises Refused.
        """
        service, name = method.split("/")
        rpc = self.api.pool.FindServiceByName(f"{PACKAGE}.{service}").methods_by_name[name]
        if not isinstance(request, Message):
            body = GetMessageClass(rpc.input_type)()
            request = json_format.ParseDict(dict(request or {}), body)
        stub = self.api.channel.unary_unary(
            f"/{PACKAGE}.{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(rpc.output_type).FromString,
        )
        metadata = dict(headers or {})
        if self.token is not None:
            metadata["authorization"] = f"Bearer {self.token}"
        try:
            answer = stub(request, timeout=timeout, metadata=tuple(metadata.items()))
        except grpc.RpcError as error:
            raise Refused(error) from None
        return json_format.MessageToDict(
            answer,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            descriptor_pool=self.api.pool,
        )
