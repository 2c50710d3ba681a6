"""docs/api-errors.md lists every problem. With WRITE_DOCS=1 in the environment it is written instead."""

import json
import os
from pathlib import Path

from apps.core.api.problems import PROBLEMS
from apps.core.apidocs.swagger import problem_example

PAGE = Path(__file__).resolve().parents[4] / "docs" / "api-errors.md"
INTRODUCTION = """# Errors of the API

Every refusal is a problem document (RFC 9457) of the type `application/problem+json`. Decide by `code`, which never
changes its meaning; `title` belongs to the code, `detail` is for people and may change. `request_id` is also the header
`X-Request-ID` of the answer and stands in the server's log. Some codes add members of their own.

A 4xx moved no money, and an `Idempotency-Key` sent with it is still free. A 401 carries `WWW-Authenticate`.

Each 503 carries `Retry-After`. After `temporarily_unavailable` nothing happened: wait so many seconds and send the same
request again. After `outcome_unknown` the request may have been carried out, since the database went away while it
committed. Send the request again with the same `Idempotency-Key`, which sells at most once, or look first:
`GET transactions/?idempotency_key=` lists the charge if it was sold. Without a key, look before you send again.
nginx answers `outcome_unknown` too, with 502 or 504, when the application was sent a request and did not answer it.
An answer that never came, and a 500, leave the outcome as open.

In `errors`, `code` says what is wrong with a field. Besides those about its value: `unknown_field`,
`unknown_parameter` and `unknown_header` (the call does not have it; nothing is ignored), `read_only` (a member that the
caller cannot set), `repeated_parameter`, `unexpected_body`.

This page is compared with the code by a test.

| status | code | meaning | members of its own |
|---|---|---|---|
"""
FIELD_ERRORS = [{"field": "amount", "code": "invalid_amount", "detail": "The amount must be greater than zero."}]


def page() -> str:
    rows, examples = "", ""
    for code, problem in PROBLEMS.items():
        members = ["errors"] if code == "validation_error" else list(problem.members)
        names = ", ".join(f"`{member}`" for member in members)
        rows += f"| {problem.status} | [`{code}`](#{code}) | {problem.title} | {names} |\n"
        example = json.dumps(problem_example(code, FIELD_ERRORS), indent=2, ensure_ascii=False)
        examples += f"\n### {code}\n\n```json\n{example}\n```\n"
    return f"{INTRODUCTION}{rows}\n## Examples\n{examples}"


def test_the_page_lists_every_problem_with_its_members() -> None:
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
