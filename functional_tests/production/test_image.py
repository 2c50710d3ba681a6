"""The image: the Dockerfile's own steps in a clean Debian, and what comes out serves and is fit to be shipped.

Minutes long and in need of root: `make image-test`. docs/operations.md says how far this is from `docker build`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from functional_tests.production.dockerfile import Build, Stage
from functional_tests.production.places import REPOSITORY, program
from functional_tests.production.processes import answers, free_port, wait_for
from functional_tests.production.stack import Stack

pytestmark = [
    pytest.mark.skipif(not os.environ.get("IMAGE_TEST"), reason="takes minutes: make image-test"),
    pytest.mark.timeout(1_200),
]
# What python:slim has beyond Debian's smallest set. `python-is-python3` gives it the name.
PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
# Debian's 3.11.2 is older than what we ask pip with: by its marker, redis needs this there.
OLD_PYTHON_NEEDS = ["async-timeout"]


@pytest.fixture(scope="module")
def build(programs: None) -> Iterator[Build]:
    """Carry out the Dockerfile."""
    scratch = Path(tempfile.mkdtemp(prefix="sharj-image-", dir="/tmp"))
    scratch.chmod(0o755)
    base = scratch / "base.tar"
    options = ["--quiet", "--mode=root", "--variant=minbase", f"--include={PACKAGES}"]
    subprocess.run([program("mmdebstrap"), *options, "bookworm", base], check=True)

    def make_base(image: str, root: Path) -> None:
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm", image), image
        subprocess.run(["tar", "--extract", f"--file={base}", f"--directory={root}"], check=True)

    def before_run(stage: Stage, step: str) -> dict[str, str]:
        """Fetch what a `pip install` wants with this machine's pip: the root has no network settings."""
        found = re.search(r"pip install --requirement (\S+)", step)
        if not found:
            return {}
        version = stage.run(["python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
        wanted = ["--requirement", str(stage.inside(found[1])), *OLD_PYTHON_NEEDS]
        where = [f"--python-version={version}", f"--dest={stage.root / 'wheels'}", "--only-binary=:all:"]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", *where, *wanted],
            check=True, cwd=stage.inside("."),
        )  # fmt: skip
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}

    started = Build(REPOSITORY, scratch, make_base, before_run)
    try:
        yield started
    finally:
        if not os.environ.get("KEEP_STACK"):
            shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture(scope="module")
def image(build: Build) -> Stage:
    """What would be shipped."""
    stage = build.carry_out()
    print("\n" + "\n".join(build.steps))
    return stage


def test_it_has_the_code_and_no_more(image: Stage) -> None:
    names = {path.name for path in image.inside(".").iterdir()}
    assert names == {"manage.py", "config", "locale", "apps", "deploy", "staticfiles"}
    assert {path.name for path in image.inside("deploy").iterdir()} == {"app"}
    assert not list(image.root.glob("app/**/.env*"))
    installed = image.run(["python", "-m", "pip", "list"])
    assert re.search(r"^Django +5\.2", installed, re.M)
    assert "pgserver" not in installed
    for tool in ("gcc", "git", "psql", "make"):
        assert not shutil.which(tool, path=f"{image.root}/usr/bin:{image.root}/bin"), tool
    assert not (image.root / "wheels").exists()
    megabytes = sum(path.lstat().st_size for path in image.root.rglob("*") if path.is_file()) / 1e6
    print(f"\nroot: {megabytes:.0f} MB")


def test_it_is_an_ordinary_user_who_may_change_nothing(image: Stage) -> None:
    assert image.user == "sharj"
    assert image.run(["id", "-u"]).strip() == "10001"
    writable = image.run(["/bin/sh", "-c", "find /app /opt /etc /usr -xdev -writable -not -type l 2>/dev/null || true"])
    assert writable.split() == ["/app/staticfiles"]


def test_it_releases_serves_and_says_that_it_is_healthy(image: Stage) -> None:
    """As compose runs it: the release as root against PostgreSQL, the server as itself through PgBouncer."""
    port = free_port()
    with Stack() as stack:
        inside = {"LOG_DIR": "", "PATH": image.environment["PATH"]}
        image.run(["deploy/app/release.sh"], {**stack.direct(), **inside}, user="root")
        assert (image.root / "app/staticfiles/admin/css/base.css").exists()
        environment = {**stack.environment(), **inside, "GUNICORN_BIND": f"127.0.0.1:{port}"}
        log = (stack.folder / "image.log").open("w")
        server = image.start(image.command, environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(port) or server.poll() is not None, "gunicorn")
            assert server.poll() is None, (stack.folder / "image.log").read_text()
            with urlopen(f"http://127.0.0.1:{port}/api/v1/health/ready/", timeout=10) as answer:
                assert (answer.status, b'"ok"' in answer.read()) == (200, True)
            image.run(image.healthcheck, environment)
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(40) == 0
            log.close()
        with pytest.raises(RuntimeError, match="ended with 1"):
            image.run(image.healthcheck, environment)  # nobody is there


def test_it_refuses_a_setting_that_is_unsafe_in_one_line(image: Stage) -> None:
    with pytest.raises(RuntimeError, match=r"\nError: SECRET_KEY is weak: use `manage.py generate_secret_key`.\n$"):
        image.run(image.command, {"SECRET_KEY": "short", "ALLOWED_HOSTS": "a.example", "DATABASE_HOST": "db.example",
                                  "DATABASE_USER": "sharj_app"})  # fmt: skip
