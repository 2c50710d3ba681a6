#!/usr/bin/env python3
"""Make a Postman collection (v2.1, which Bruno and Insomnia read too) from the Swagger document.

    curl -s http://127.0.0.1:8000/swagger.json | tools/postman_collection.py > sharj.postman_collection.json

Bodies are the document's examples. Calls that answer a token keep it in the collection's variable `token`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VARIABLES = {"server": "http://127.0.0.1:8000", "token": "", "client_id": "", "client_secret": ""}
# After these operations a script keeps members of the answer as variables.
KEPT = {
    "log_in_as_user_of_seller": {"token": "access"},
    "log_in_as_staff": {"token": "access"},
    "create_api_client": {"client_id": "client_id", "client_secret": "client_secret"},
    "get_token_for_client": {"token": "access_token"},
}
# What is sent in place of the example.
FILLED_IN = {"get_token_for_client": {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}}
Document = dict[str, Any]


def collection(swagger: Mapping[str, Any]) -> Document:
    """Return the collection, with a folder for each section of the document."""
    items: dict[str, list[Document]] = {tag["name"]: [] for tag in swagger["tags"]}
    for tag, item in _items(swagger):
        items[tag].append(item)
    return {
        "info": {"name": swagger["info"]["title"], "schema": SCHEMA, "description": swagger["info"]["description"]},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": [{"key": key, "value": value} for key, value in VARIABLES.items()],
        "item": [
            {"name": tag["name"], "description": tag["description"], "item": items[tag["name"]]}
            for tag in swagger["tags"]
        ],
    }


def _items(swagger: Mapping[str, Any]) -> Iterator[tuple[str, Document]]:
    for path, methods in swagger["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                parameters = [*methods.get("parameters", ()), *operation["parameters"]]
                yield operation["tags"][0], _item(swagger, path, method, operation, parameters)


def _item(
    swagger: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], parameters: list[Document]
) -> Document:
    name = operation["operationId"]
    request: Document = {
        "method": method.upper(),
        "description": operation.get("description", ""),
        "header": [_header(parameter) for parameter in parameters if parameter["in"] == "header"],
        "url": _url(swagger["basePath"] + path, parameters),
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    for parameter in parameters:
        if parameter["in"] == "body":
            example = _example(swagger, parameter["schema"]) | FILLED_IN.get(name, {})
            text = json.dumps(example, indent=2, ensure_ascii=False)
            request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"name": operation["summary"], "request": request, **_event(KEPT.get(name, {}))}


def _event(kept: Mapping[str, str]) -> Document:
    """Return the script that keeps these members of a good answer."""
    if not kept:
        return {}
    steps = [f'  pm.collectionVariables.set("{name}", pm.response.json().{member});' for name, member in kept.items()]
    script = {"type": "text/javascript", "exec": ["if (pm.response.code < 300) {", *steps, "}"]}
    return {"event": [{"listen": "test", "script": script}]}


def _header(parameter: Mapping[str, Any]) -> Document:
    """Return a header; a new idempotency key for each send, until it is replaced by one's own."""
    value = "{{$guid}}" if parameter["name"] == "Idempotency-Key" else ""
    return {"key": parameter["name"], "value": value, "description": parameter["description"]}


def _url(path: str, parameters: list[Document]) -> Document:
    """Return the address; optional parameters are there, switched off."""
    parts = path.replace("{", ":").replace("}", "").strip("/").split("/")
    queries = [parameter for parameter in parameters if parameter["in"] == "query"]
    places = [parameter for parameter in parameters if parameter["in"] == "path"]
    return {
        "raw": "{{server}}/" + "/".join(parts) + "/",
        "host": ["{{server}}"],
        "path": [*parts, ""],
        "query": [
            {"key": each["name"], "value": "", "description": each.get("description", ""), "disabled": True}
            for each in queries
        ],
        "variable": [
            {"key": each["name"], "value": "me" if each["name"] == "seller_id" else "",
             "description": each["description"]} for each in places
        ],
    }  # fmt: skip


def _example(swagger: Mapping[str, Any], schema: Mapping[str, Any]) -> Document:
    example: Document = swagger["definitions"][schema["$ref"].rpartition("/")[2]]["example"]
    return dict(example)


if __name__ == "__main__":
    json.dump(collection(json.load(sys.stdin)), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
