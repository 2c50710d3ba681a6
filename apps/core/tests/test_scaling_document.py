"""The table of settings in docs/scaling.md: each line is consistent, and the first is what is shipped."""

import re

import pytest

from config.env_file import REPOSITORY

RESERVED_CONNECTIONS = 50  # what does not go through PgBouncer; the document says so
GIGABYTE = {"MB": 1 / 1024, "GB": 1.0}

Line = dict[str, str]


def lines() -> list[Line]:
    """Return the lines of the table as mappings from its headings."""
    text = (REPOSITORY / "docs/scaling.md").read_text()
    table = text[text.index("| cores | memory |") :].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [dict(zip(cells[0], line, strict=True)) for line in cells[2:]]


def gigabytes(size: str) -> float:
    number, unit = re.fullmatch(r"(\d+) ?(MB|GB)", size).groups()  # type: ignore[union-attr]  # fails if it is not one
    return int(number) * GIGABYTE[unit]


@pytest.mark.parametrize("line", lines(), ids=lambda line: f"{line['cores']} cores")
def test_each_line_is_consistent(line: Line) -> None:
    pool, processes = int(line["PGBOUNCER_POOL_SIZE"]), int(line["APP_REPLICAS"]) * int(line["GUNICORN_WORKERS"])
    threads = processes * int(line["GUNICORN_THREADS"])

    assert pool + RESERVED_CONNECTIONS <= int(line["max_connections"])
    assert min(20, threads) <= pool <= threads
    assert pool >= 2 * int(line["cores"])
    assert threads <= setting("deploy/pgbouncer/pgbouncer.ini.template", r"max_client_conn = (\d+)")
    assert processes >= 2 * int(line["cores"])
    assert gigabytes(line["shared_buffers"]) <= gigabytes(line["memory"]) / 4
    assert gigabytes(line["effective_cache_size"]) <= gigabytes(line["memory"]) * 3 / 4
    assert gigabytes(line["effective_cache_size"]) >= gigabytes(line["shared_buffers"])


def test_the_first_line_is_what_is_shipped() -> None:
    first = lines()[0]
    compose, postgres = "docker-compose.prod.yaml", "deploy/postgres/postgresql.conf"

    for name in ("APP_REPLICAS", "GUNICORN_WORKERS", "GUNICORN_THREADS", "PGBOUNCER_POOL_SIZE"):
        assert int(first[name]) == setting(compose, rf"\$\{{{name}:-(\d+)\}}"), name
    assert int(first["max_connections"]) == setting(postgres, r"max_connections = (\d+)")
    assert gigabytes(first["shared_buffers"]) == setting(postgres, r"shared_buffers = (\d+)MB") / 1024


def test_lines_grow_with_the_machine() -> None:
    for smaller, larger in zip(lines(), lines()[1:], strict=False):
        for name in ("cores", "PGBOUNCER_POOL_SIZE", "max_connections"):
            assert int(smaller[name]) <= int(larger[name]), name
        assert gigabytes(smaller["shared_buffers"]) < gigabytes(larger["shared_buffers"])


def setting(file: str, pattern: str) -> int:
    """Return the number in a shipped file."""
    found = re.search(pattern, (REPOSITORY / file).read_text())
    assert found, pattern
    return int(found[1])
