"""The whole of production on loopback: nginx -> gunicorn x 2 -> PgBouncer -> PostgreSQL, Redis, Prometheus.

Every part is the real program with the file that compose mounts; only addresses and folders are put in.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from apps.core.embedded_postgres import EmbeddedPostgres
from functional_tests.production.processes import Program, free_port, wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
REPLICAS = 2
POOL_SIZE = 20
SERVER_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def program(name: str) -> str:
    """Return the path of an installed program."""
    found = shutil.which(name, path=SERVER_PATH)
    assert found, f"{name} is missing: run functional_tests/production/install.sh"
    return found


class Stack:
    """Production in a folder of its own; use as a context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sharj-stack-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.ports = {name: free_port() for name in ("postgres", "pgbouncer", "redis", "prometheus", "http", "https")}
        self.app_ports = [free_port() for _ in range(REPLICAS)]
        self.secrets = {
            name: secrets.token_urlsafe(40) for name in ("key", "jwt", "redis", "metrics", "admin", "app", "owner")
        }
        self.postgres = EmbeddedPostgres(self.folder / "pg", {"shared_buffers": "128MB"})
        self.programs: dict[str, Program] = {}
        self.tls = ssl.create_default_context()

    @property
    def url(self) -> str:
        """Where clients come in."""
        return f"https://127.0.0.1:{self.ports['https']}"

    @property
    def certificate(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "tls.crt"

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self._start_postgres()
        self._make_certificate()
        self._release()
        self._add_pgbouncer()
        self._add_redis()
        for number, port in enumerate(self.app_ports):
            self._add_app(number, port)
        self._add_nginx()
        self._add_prometheus()
        for name, part in self.programs.items():
            if name != "postgres":
                part.start()
        wait_for(lambda: self.ready()["status"] == "ok", "ready stack")

    def close(self) -> None:
        """End everything that was started, the last first."""
        for part in reversed(list(self.programs.values())):
            part.stop()
        self.postgres.destroy()
        if not os.environ.get("KEEP_STACK"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start_postgres(self) -> None:
        """Start PostgreSQL, listening on loopback with scram; a fresh cluster gets the line that allows it."""
        self.postgres.start()
        with (self.postgres.home.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n")
        with (self.postgres.home.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.ports['postgres']}\n")
        self.postgres.stop()
        self.postgres_program().start()

    def postgres_program(self) -> Program:
        """Return the server on its TCP port, as a program of ours."""
        account = self.postgres.account.name or None
        command: list[str | Path] = [
            self.postgres.bin("postgres"),
            "-D",
            self.postgres.home.data,
            "-k",
            "",
            "-c",
            "fsync=on",
        ]
        part = Program("postgres", command, self.folder, port=self.ports["postgres"], user=account, cwd=Path("/"))
        self.programs.setdefault("postgres", part)
        return self.programs["postgres"]

    @property
    def superuser_password(self) -> str:
        """The password of the role `postgres`."""
        return self.postgres.connection("superuser")["PASSWORD"]

    def _make_certificate(self) -> None:
        subprocess.run(
            [
                program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", self.folder / "tls.key", "-out", self.certificate,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        self.tls.load_verify_locations(self.certificate)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a replica, as compose gives it."""
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "SECRET_KEY": self.secrets["key"],
            "JWT_SIGNING_KEY": self.secrets["jwt"],
            "DEBUG": "false",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "TRUSTED_PROXIES": "127.0.0.0/8",
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(self.ports["pgbouncer"]),
            "DATABASE_NAME": "sharj",
            "DATABASE_USER": "sharj_app",
            "DATABASE_PASSWORD": self.secrets["app"],
            "DATABASE_POOL_MODE": "transaction",
            "REDIS_ADDR": f"redis://:{self.secrets['redis']}@127.0.0.1:{self.ports['redis']}/0",
            "METRICS_TOKEN": self.secrets["metrics"],
            "METRICS_ALLOWED_NETWORKS": "192.0.2.0/24",
            "LOG_DIR": str(self.folder / "logs"),
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
            "DJANGO_SUPERUSER_PASSWORD": self.secrets["admin"],
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def direct(self) -> dict[str, str]:
        """Return what the owner and the administrator add: straight to PostgreSQL."""
        return self.environment(
            DATABASE_PORT=str(self.ports["postgres"]),
            DATABASE_POOL_MODE="session",
            DATABASE_OWNER_USER="sharj_owner",
            DATABASE_OWNER_PASSWORD=self.secrets["owner"],
            DATABASE_ADMIN_USER="postgres",
            DATABASE_ADMIN_PASSWORD=self.superuser_password,
        )

    def run(self, command: list[str], environment: dict[str, str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository with the stack's Python first on the path."""
        path = f"{Path(sys.executable).parent}:{SERVER_PATH}"
        return subprocess.run(
            command, cwd=REPOSITORY, env={**os.environ, **environment, "PATH": path},
            capture_output=True, text=True, timeout=500, check=False, **options,
        )  # fmt: skip

    def _release(self) -> None:
        done = self.run(["deploy/app/release.sh"], self.direct())
        assert done.returncode == 0, done.stdout + done.stderr

    def _add_pgbouncer(self) -> None:
        environment = {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.ports["postgres"]),
            "DATABASE_USER": "sharj_app",
            "DATABASE_PASSWORD": self.secrets["app"],
            "PGBOUNCER_ADDRESS": "127.0.0.1",
            "PGBOUNCER_PORT": str(self.ports["pgbouncer"]),
            "PGBOUNCER_FOLDER": str(self.folder / "pgbouncer"),
            "PGBOUNCER_POOL_SIZE": str(POOL_SIZE),
            "PATH": SERVER_PATH,
        }
        owner = self.postgres.account.name or None
        (self.folder / "pgbouncer").mkdir()
        if owner:
            shutil.chown(self.folder / "pgbouncer", owner)
        start = shutil.copytree(DEPLOY / "pgbouncer", self.folder / "pgbouncer-image") / "start.sh"
        self._add("pgbouncer", [start], environment=environment, user=owner)

    def _add_redis(self) -> None:
        options = ["--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--requirepass", self.secrets["redis"]]
        self._add("redis", [program("redis-server"), DEPLOY / "redis/redis.conf", *options])

    def _add_app(self, number: int, port: int) -> None:
        environment = self.environment(
            GUNICORN_BIND=f"127.0.0.1:{port}", GUNICORN_WORKERS="2", GUNICORN_THREADS="4",
            PATH=f"{Path(sys.executable).parent}:{SERVER_PATH}",
        )  # fmt: skip
        part = Program(
            f"app-{number}", [REPOSITORY / "deploy/app/serve.sh"], self.folder,
            environment=environment, port=port, cwd=REPOSITORY,
        )  # fmt: skip
        self.programs[part.name] = part

    def _add_nginx(self) -> None:
        folder = self.folder / "nginx"
        (folder / "conf.d").mkdir(parents=True)
        for name, source in (("nginx.conf", DEPLOY / "nginx"), ("mime.types", Path("/etc/nginx"))):
            shutil.copy(source / name, folder)
        values = {
            "NGINX_APP_SERVERS": " ".join(f"server 127.0.0.1:{port};" for port in self.app_ports),
            "NGINX_SERVER_NAME": "_",
            "NGINX_HTTP_PORT": f"127.0.0.1:{self.ports['http']}",
            "NGINX_HTTPS_PORT": f"127.0.0.1:{self.ports['https']}",
            "NGINX_TLS_CERTIFICATE": str(self.certificate),
            "NGINX_TLS_KEY": str(self.folder / "tls.key"),
            "NGINX_STATIC_ROOT": str(REPOSITORY / "staticfiles"),
            "NGINX_LOGIN_RATE": "20r/s",
            "NGINX_LOGIN_BURST": "200",
            "NGINX_ADMIN_NETWORK": "all",
            "NGINX_METRICS_NETWORK": "192.0.2.0/24",
        }
        template = (DEPLOY / "nginx/sharj.conf.template").read_text()
        # As the nginx image does: what is a variable of the environment is filled in, nginx's own are left.
        text = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], template)
        (folder / "conf.d/sharj.conf").write_text(text)
        command = [program("nginx"), "-c", folder / "nginx.conf", "-g", f"daemon off; pid {folder}/nginx.pid;"]
        self._add("nginx", command, port=self.ports["https"])

    def _add_prometheus(self) -> None:
        folder = shutil.copytree(DEPLOY / "prometheus", self.folder / "prometheus-files")
        (folder / "metrics_token").write_text(self.secrets["metrics"])
        text = (folder / "prometheus.yml").read_text()
        # Loopback has no service names: the replicas are listed. All else is the file that compose mounts.
        text = re.sub(r"    # Every replica.*", "", text, flags=re.S).replace("/tmp/metrics_token", "metrics_token")
        targets = ", ".join(f"'127.0.0.1:{port}'" for port in self.app_ports)
        text = text.replace("15s", "1s") + f"    static_configs: [{{targets: [{targets}]}}]\n"
        (folder / "prometheus.yml").write_text(text)
        data, port = self.folder / "prometheus-data", self.ports["prometheus"]
        options = [f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}"]
        self._add("prometheus", [program("prometheus"), f"--config.file={folder}/prometheus.yml", *options])

    def _add(self, name: str, command: list[Any], **options: Any) -> None:
        options.setdefault("port", self.ports.get(name, 0))
        self.programs[name] = Program(name, command, self.folder, **options)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send a GET through nginx; return status and body, whatever the status."""
        request = Request(self.url + path, headers=headers or {})
        try:
            with urlopen(request, timeout=10, context=self.tls) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def ready(self) -> dict[str, Any]:
        """Return what the service says of its readiness."""
        try:
            status, body = self.get("/api/v1/health/ready/")
            return {"status": "unreachable"} if status >= 500 and not body.startswith(b"{") else json.loads(body)
        except OSError:
            return {"status": "unreachable"}
