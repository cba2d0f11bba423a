"""Writes the prices of the package genai-prices in the form of its published data.json.

The package has them as Python objects only.

Usage: genai_prices_file.py OUTPUT
"""

import dataclasses
import datetime
import decimal
import json
import sys

from genai_prices import data
from genai_prices.types import ModelPrice


def plain(value: object) -> object:
    """A value of the package as JSON has it; fields without a value are left out."""
    if isinstance(value, ModelPrice):
        members = value.__dict__.items()
    elif dataclasses.is_dataclass(value):
        members = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    elif isinstance(value, list | tuple):
        return [plain(item) for item in value]
    elif isinstance(value, dict):
        members = value.items()
    elif isinstance(value, decimal.Decimal):
        return float(value)  # Its shortest text is the decimal's.
    elif isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    else:
        return value
    # `or` and `and` are words of Python.
    return {
        name.rstrip("_"): plain(member)
        for name, member in members
        if member is not None and not name.startswith("_")
    }


def main() -> None:
    providers = []
    for provider in data.providers:
        models = [plain(model) for model in provider.models]
        providers.append({"id": provider.id, "name": provider.name, "models": models})
    with open(sys.argv[1], "w", encoding="utf-8") as output:
        json.dump(providers, output)


if __name__ == "__main__":
    main()
