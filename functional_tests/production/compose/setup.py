"""A setup of compose in a fresh clone, started by the commands of the README and nothing else.

The files are used as they are. An operator fills in FILLED_IN and a certificate. Without a registry the images
are stand-ins under the same names (`engine/images.sh`); no other thing differs from a machine with the real ones.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import shlex
import ssl
import struct
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from functional_tests.production.checkout import readme_commands, variables
from functional_tests.production.processes import wait_for

# What an operator fills in: compose.env.example says so. The name is one that this machine resolves.
FILLED_IN = {
    "ALLOWED_HOSTS": "localhost",
    "NGINX_SERVER_NAME": "localhost",
    "CSRF_TRUSTED_ORIGINS": "https://localhost",
}
START_SECONDS = 300
TOKEN_SECONDS = 300
JSON = {"Content-Type": "application/json"}


class Setup:
    """Containers of one section of the README."""

    def __init__(self, checkout: Path, section: str) -> None:
        self.checkout = checkout
        self.make_env, self.up = readme_commands(section)
        assert self.up.startswith("docker compose "), self.up
        self.options = shlex.split(self.up[len("docker compose ") : self.up.index(" up ")])
        self.tls = ssl.create_default_context()
        self._totp_secret, self._token, self._token_until = "", "", 0.0
        self.is_production = "docker-compose.prod.yaml" in self.up
        self.name = "production" if self.is_production else "development"

    def start(self) -> None:
        """Carry out the README's commands; between them, do what the first one asks for."""
        self.shell(self.make_env)
        if self.is_production:
            self._fill_in()
            self._make_certificate()
        began = time.monotonic()
        self.shell(self.up)
        self.settled()
        print(f"\n{self.name} is up after {time.monotonic() - began:.0f} s: {self.up}")

    def shell(self, line: str) -> str:
        """Run a line of a document in the clone; return what it prints."""
        done = subprocess.run(
            ["sh", "-c", line], cwd=self.checkout, env=self.environment(),
            capture_output=True, text=True, timeout=1_000, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def compose(self, *command: str, check: bool = True) -> str:
        """Run `docker compose` with the README's files and return what it prints."""
        done = subprocess.run(
            ["docker", "compose", *self.options, *command], cwd=self.checkout, env=self.environment(),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    @staticmethod
    def environment() -> dict[str, str]:
        """Return what a shell needs: nothing of ours fills in a variable of the files."""
        return {name: value for name, value in os.environ.items() if name.startswith("DOCKER_") or name in {"PATH", "HOME"}}  # fmt: skip  # noqa: E501

    def _fill_in(self) -> None:
        file = self.checkout / "compose.env"
        text = file.read_text()
        for name, value in FILLED_IN.items():
            text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.M)
        file.write_text(text)

    def _make_certificate(self) -> None:
        folder = self.checkout / self.variables["TLS_FOLDER"]
        folder.mkdir()
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "tls.key", "-out", self.certificate,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        self.tls.load_verify_locations(self.certificate)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of compose.env."""
        return variables(self.checkout / "compose.env")

    @property
    def certificate(self) -> Path:
        """The certificate that clients trust."""
        return self.checkout / "tls/tls.crt"

    @property
    def url(self) -> str:
        """Where clients come in."""
        return "https://localhost" if self.is_production else "http://localhost:8000"

    @property
    def admin_password(self) -> str:
        """The password of the first superuser."""
        return self.secret("django_superuser_password")

    def admin_token(self) -> str:
        """Return an access token of the first superuser, who has a second factor in production, as is the default.

        It is used for a while: a code passes once in thirty seconds, and a login lets money move for ten minutes.
        """
        if not self.is_production:
            return ""
        if not self._totp_secret:
            told = self.compose(
                "run", "--rm", "--no-deps", "release", *["python", "manage.py", "second_factor", "enrol", "admin"]
            )
            self._totp_secret = told.split("secret: ")[1].split()[0]
        if time.monotonic() > self._token_until:
            login = {"username": "admin", "password": self.admin_password, "otp": totp(self._totp_secret)}
            request = Request(f"{self.url}/api/v1/auth/admin/login/", json.dumps(login).encode(), JSON)
            with urlopen(request, timeout=30, context=self.tls) as answer:
                self._token = json.load(answer)["access"]
            self._token_until = time.monotonic() + TOKEN_SECONDS
        return self._token

    def secret(self, name: str) -> str:
        """Return what make_env.sh has made up."""
        return (self.checkout / "secrets" / name).read_text()

    @staticmethod
    def docker(*command: str) -> str:
        """Run `docker`; return what it prints."""
        return subprocess.run(["docker", *command], capture_output=True, text=True, check=True).stdout

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """Return what `docker inspect` says of the containers of some services, or of all."""
        ids = self.compose("ps", "--all", "--quiet", *services).split()
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", *ids))
        return sorted(found, key=lambda container: str(container["Name"]))

    def not_ready(self) -> dict[str, str]:
        """Return the containers that are not healthy, or have not ended well, with their states."""
        states = {container["Name"][1:]: container["State"] for container in self.containers()}
        return {name: _state(state) for name, state in states.items() if _state(state) not in READY}

    def settled(self) -> None:
        """Wait until all containers are well."""
        wait_for(lambda: not self.not_ready(), "containers that are all healthy", START_SECONDS)

    def kill(self, service: str) -> None:
        """Send SIGKILL to the first process of a service, past the engine, which then restarts it."""
        (container,) = self.containers(service)
        kill = f"kill -9 {container['State']['Pid']}"
        self.docker("run", "--rm", "--pid=host", "--privileged", "--user=root", "sharj:latest", "sh", "-c", kill)

    def requests(self, since: float) -> list[dict[str, Any]]:
        """Return nginx's lines on requests since a moment."""
        text = self.compose("logs", "--no-log-prefix", "--since", f"{since:.3f}", "nginx")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send a GET as a client does; return status and body, whatever the status; 0 if there is no answer."""
        request = Request(self.url + path, headers=headers or {})
        try:
            with urlopen(request, timeout=10, context=self.tls if self.is_production else None) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except OSError as error:  # nothing listens, or it is being restarted
            return 0, str(error).encode()


def totp(secret: str) -> str:
    """Return the code of now (RFC 6238: SHA-1, six digits, thirty seconds) of a Base32 secret."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


READY = {"healthy", "running", "exited 0"}


def _state(state: dict[str, Any]) -> str:
    if state["Status"] == "exited":
        return f"exited {state['ExitCode']}"
    return str(state.get("Health", {}).get("Status", state["Status"])) if state["Status"] == "running" else state["Status"]  # fmt: skip  # noqa: E501
