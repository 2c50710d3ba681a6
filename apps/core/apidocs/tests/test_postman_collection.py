"""The Postman collection in clients/postman is that of the present document. WRITE_DOCS=1 writes it."""

import json
import os
import runpy
from collections.abc import Iterator
from typing import Any

from django.conf import settings

FILE = settings.BASE_DIR / "clients/postman/sharj.postman_collection.json"
TOOL = settings.BASE_DIR / "tools/postman_collection.py"


def requests(folder: Any) -> Iterator[Any]:
    for item in folder["item"]:
        yield from requests(item) if "item" in item else [item["request"]]


def test_the_collection_is_that_of_the_document(schema: Any) -> None:
    made = runpy.run_path(str(TOOL))["collection"](schema)
    if os.environ.get("WRITE_DOCS"):
        FILE.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(made))


def test_every_operation_is_a_request_with_the_documents_example(schema: Any) -> None:
    kept = list(requests(json.loads(FILE.read_text(encoding="utf-8"))))
    assert len(kept) == sum(name != "parameters" for item in schema["paths"].values() for name in item)
    [charge] = [each for each in kept if each["url"]["raw"].endswith("/charges/")]
    assert json.loads(charge["body"]["raw"]) == schema["definitions"]["ChargeRequest"]["example"]
    assert {"key": "Idempotency-Key", "value": "{{$guid}}"}.items() <= charge["header"][0].items()
