"""The whole of production on loopback: nginx, gunicorn x 2, event stream, PgBouncer, PostgreSQL, Redis, Prometheus.

Every part is the real program with the file that compose mounts; only addresses and folders are put in.
"""

from __future__ import annotations

import json
import os
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

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.production import parts
from functional_tests.production.places import DEPLOY, REPOSITORY, SERVER_PATH, program
from functional_tests.production.processes import Program, free_port, wait_for

REPLICAS = 2
PORTS = ("postgres", "standby", "pgbouncer", "redis", "prometheus", "alertmanager", "stream", "http", "https")


class Stack:
    """Production in a folder of its own; use as a context manager. `standby`: with a streaming one."""

    def __init__(self, *, standby: bool = False) -> None:
        self.has_standby = standby
        self.folder = Path(tempfile.mkdtemp(prefix="sharj-stack-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.ports = {name: free_port() for name in PORTS}
        self.app_ports = [free_port() for _ in range(REPLICAS)]
        self.secrets = {
            name: secrets.token_urlsafe(40)
            for name in ("key", "jwt", "webhooks", "redis", "metrics", "admin", "app", "owner")
        }
        self.postgres = EmbeddedPostgres(self.folder / "pg", {"shared_buffers": "128MB"})
        self.programs: dict[str, Program] = {}
        self.tls = ssl.create_default_context()

    @property
    def url(self) -> str:
        """Where clients come in."""
        return f"https://localhost:{self.ports['https']}"

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
        if self.has_standby:
            parts.add_server(self, "standby")
        parts.add_pgbouncer(self)
        parts.add_redis(self)
        for number, port in enumerate(self.app_ports):
            parts.add_app(self, number, port)
        parts.add_stream(self)
        parts.add_nginx(self)
        parts.add_prometheus(self)
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
        """Make a cluster and its first password, and start it on loopback as compose does."""
        self.postgres.start()
        self.postgres.stop()
        # Where the server's user can read them, as in a container.
        for name in ("postgres", "backup"):
            shutil.copytree(DEPLOY / name, self.folder / ("scripts-" + name))
        settings = self.folder / "scripts-postgres/postgresql.conf"
        settings.write_text(settings.read_text().replace("lz4", "pglz"))  # the PyPI build has no lz4
        for name in ("postgres", "standby", "backups", "stamps"):
            self.private(name)
        # The pg_verifybackup of the PyPI package dies of a segmentation fault (18.4, on whole backups too). The image's
        # is PostgreSQL's own build. Here the restore is the proof that a backup is whole.
        (self.folder / "shims").mkdir()
        (self.folder / "shims/pg_verifybackup").symlink_to("/bin/true")
        self.postgres.home.data.rename(self.folder / "postgres/data")
        parts.add_server(self, "postgres")
        self.programs["postgres"].start()

    def private(self, name: str) -> Path:
        """Return a folder of this name that only the server's user can enter; make it if it is missing."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.postgres.account.name:
            shutil.chown(folder, self.postgres.account.name)
        return folder

    def postgres_environment(self, server: str) -> dict[str, str]:
        """Return the environment of the scripts of deploy/postgres and deploy/backup for a server."""
        return {
            "SERVER_NAME": server, "BACKUP_DIR": str(self.folder / "backups"), "DATABASE_NAME": "sharj",
            "PGHOST": "127.0.0.1", "PGPORT": str(self.ports[server]), "PGUSER": "postgres",
            "PGPASSWORD": self.superuser_password, "STAMPS_DIR": str(self.folder / "stamps"),
            "PATH": f"{self.folder}/shims:{self.postgres.bin('postgres').parent}:/usr/bin:/bin",
        }  # fmt: skip

    def script(self, server: str, name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a script, such as `backup/backup.sh`, as in the containers that look after a server."""
        return subprocess.run(
            [self.folder / f"scripts-{name}", *arguments], env={**self.postgres_environment(server), **more},
            user=self.postgres.account.name or None, cwd="/", capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def promote_standby(self) -> None:
        """Promote the standby, whose primary is dead, and send PgBouncer there."""
        done = self.script("standby", "postgres/promote.sh", PEERS=self.programs["standby"].environment["PEERS"])
        assert done.returncode == 0, done.stderr
        command = [str(self.folder / "pgbouncer-image/repoint.sh"), "127.0.0.1", str(self.ports["standby"])]
        done = self.run(command, {"PGBOUNCER_FOLDER": str(self.folder / "pgbouncer")})
        assert done.returncode == 0, done.stderr

    @property
    def superuser_password(self) -> str:
        """The password of the role `postgres`."""
        return self.postgres.connection("superuser")["PASSWORD"]

    @property
    def admin_password(self) -> str:
        """The password of the first superuser."""
        return self.secrets["admin"]

    def admin_token(self) -> str:
        """Return nothing: this stack asks for no second factor."""
        return ""

    def _make_certificate(self) -> None:
        subprocess.run(
            [
                program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
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
            "WEBHOOK_ENCRYPTION_KEY": self.secrets["webhooks"],
            "DEBUG": "false",
            # As an operator fills it in: one name, and no address.
            "ALLOWED_HOSTS": "localhost",
            "TRUSTED_PROXIES": "127.0.0.0/8",
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(self.ports["pgbouncer"]),
            "DATABASE_NAME": "sharj",
            "DATABASE_USER": "sharj_app",
            "DATABASE_PASSWORD": self.secrets["app"],
            "DATABASE_POOL_MODE": "transaction",
            "DATABASE_REPLICA_HOST": "127.0.0.1" if self.has_standby else "",
            "DATABASE_REPLICA_PORT": str(self.ports["standby"]),
            "REDIS_ADDR": f"redis://:{self.secrets['redis']}@127.0.0.1:{self.ports['redis']}/0",
            "METRICS_TOKEN": self.secrets["metrics"],
            "METRICS_ALLOWED_NETWORKS": "192.0.2.0/24",
            "LOG_DIR": str(self.folder / "logs"),
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
            "DJANGO_SUPERUSER_PASSWORD": self.secrets["admin"],
            "REQUIRE_SECOND_FACTOR": "false",  # the load script has no phone
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

    def add(self, name: str, command: list[Any], **options: Any) -> None:
        """Add a program, to be started with the others."""
        options.setdefault("port", self.ports.get(name, 0))
        if name in ("postgres", "standby"):
            # PostgreSQL opens its port first and refuses sessions until it has replayed its log.
            isready = self.postgres.bin("pg_isready")
            options["probe"] = [isready, "-q", "-h", "127.0.0.1", "-p", str(options["port"])]
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
