"""Generated clients against the real server: every operation, and every answer parsed without a complaint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any, get_args
from urllib.request import urlopen

import pytest

from apps.core.database.logins import is_embedded
from functional_tests.clients.steps import STEPS, Call, Walk
from functional_tests.server import HOST, Product, running_product

HERE = Path(__file__).parent
TOOLS = HERE / "node_modules/.bin"

# bravado warns of formats that it does not know, and of the libraries under it.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def tools() -> None:
    """Install what npm has; where that is impossible these tests are skipped, but never in CI."""
    done = subprocess.run([HERE / "install.sh"], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"NO GENERATED CLIENT IS TESTED. {done.stderr.strip()[-300:]}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="module")
def product(tools: None) -> Iterator[Product]:
    if not is_embedded():
        pytest.skip("these tests start a server with the embedded PostgreSQL")
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("LOGINS_PER_MINUTE", "LOGIN_FAILURES_PER_ACCOUNT", "REGISTRATIONS_PER_HOUR"):
            patch.setenv(limit, "0")
        with running_product() as running:
            yield running


@pytest.fixture(scope="module")
def address(product: Product) -> str:
    return f"http://{HOST}:{product.port}"


@pytest.fixture(scope="module")
def document(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served Swagger document, in a file; beside it the one in OpenAPI 3."""
    folder = tmp_path_factory.mktemp("clients")
    for name in ("swagger.json", "openapi.json"):
        with urlopen(f"{address}/{name}", timeout=30) as answer:
            (folder / name).write_bytes(answer.read())
    return folder / "swagger.json"


def run(*command: str | Path, cwd: Path) -> None:
    # The generator formats its code with ruff, which is where this Python is.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


class Bravado:
    """The client that reads the document at run time and checks each answer against it."""

    def __init__(self, address: str) -> None:
        kind = import_module("bravado.client").SwaggerClient
        self._http = import_module("bravado.requests_client").RequestsClient()
        config = {"also_return_response": True}
        self._client = kind.from_url(f"{address}/swagger.json", http_client=self._http, config=config)

    def close(self) -> None:
        self._http.session.close()

    def send(self, call: Call) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
        arguments = {**call.path, **call.query, **call.headers, **({} if call.body is None else {"data": call.body})}
        operation = getattr(getattr(self._client, call.tag), call.operation_id)
        try:
            _, response = operation(**arguments, _request_options={"headers": headers}).result(timeout=30)
        except import_module("bravado.exception").HTTPError as error:
            response = error.response
        return response.status_code, response.text.encode()


class OpenApiPythonClient:
    """The client whose code is generated, into the package `sharj_client`, from the document in OpenAPI 3."""

    def __init__(self, address: str) -> None:
        self._base = f"{address}/api/v1"

    def close(self) -> None:
        """Do nothing: each call closes its connection."""

    def send(self, call: Call) -> tuple[int, bytes]:
        operation = import_module(f"sharj_client.api.{call.tag.replace('-', '_')}.{call.operation_id}")
        client = import_module("sharj_client").Client(base_url=self._base, raise_on_unexpected_status=True)
        if call.token:
            client = client.with_headers({"Authorization": f"Bearer {call.token}"})
        arguments: dict[str, Any] = {name.lower().replace("-", "_"): value for name, value in call.headers.items()}
        arguments |= call.query
        if call.body is not None:
            annotation = operation.sync_detailed.__annotations__["body"]
            [model] = [kind for kind in get_args(annotation) or [annotation] if hasattr(kind, "from_dict")]
            arguments["body"] = model.from_dict(call.body)
        with client:
            answer = operation.sync_detailed(*call.path.values(), client=client, **arguments)
        if answer.content:
            assert_parsed(answer.parsed)
        return int(answer.status_code), answer.content


def assert_parsed(value: Any) -> None:
    """Assert that nothing was left as raw JSON: the generated code does so where neither form of a union fits."""
    if isinstance(value, list):
        for member in value:
            assert_parsed(member)
        return
    assert not isinstance(value, dict), value
    for attribute in getattr(value, "__attrs_attrs__", ()):
        if attribute.name != "additional_properties":
            assert_parsed(getattr(value, attribute.name))


@pytest.mark.parametrize("name", ["swagger.json", "openapi.json"])
def test_spectral_finds_no_error_in_the_document(document: Path, name: str) -> None:
    rules, file = document.with_name("rules.yaml"), document.with_name(name)
    rules.write_text("extends: ['spectral:oas']\n")
    run(TOOLS / "spectral", "lint", "--fail-severity", "error", "--ruleset", rules, file, cwd=HERE)


@pytest.fixture(scope="module")
def generated(document: Path) -> Iterator[None]:
    """The package `sharj_client`, from the document in OpenAPI 3, which is all that the generator knows."""
    folder, converted = document.parent, document.with_name("openapi.json")
    package = folder / "sharj_client"
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ("--output-path", package, "--meta", "none", "--fail-on-warning", "--overwrite")
    run(generator, "generate", "--path", converted, *options, cwd=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.mark.parametrize("kind", [Bravado, OpenApiPythonClient])
@pytest.mark.usefixtures("generated")
def test_a_client_parses_the_answers_of_every_operation(
    kind: type[Bravado | OpenApiPythonClient], product: Product, address: str, document: Path
) -> None:
    described: Mapping[str, Any] = json.loads(document.read_bytes())
    operations = {
        f"{method.upper()} {path}"
        for path, methods in described["paths"].items()
        for method in methods.keys() - {"parameters"}
    }
    with closing(kind(address)) as client:
        walk = Walk(described, client, product.password)
        for step in STEPS:
            if step.operation in operations:
                walk.take(step)
    assert operations == walk.called, "add a step to steps.py"
