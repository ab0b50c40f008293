"""Validates the JSON of standard input: validate.py SCHEMA NAME, where NAME is one of its $defs.

A key that the schema does not describe is an error here: users may meet one in a later version, but
no version prints one that it does not describe.
"""

import json
import sys

from jsonschema import Draft202012Validator


def closed(schema):
    """The schema, by which an object has no other keys than those that are described."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        inner.setdefault("additionalProperties", False)
    return inner


def main():
    path, name = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    one = closed({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})
    errors = list(Draft202012Validator(one).iter_errors(json.load(sys.stdin)))
    for error in errors:
        print(f"{name}: {error.json_path}: {error.message[:300]}")
    sys.exit(1 if errors else 0)


main()
