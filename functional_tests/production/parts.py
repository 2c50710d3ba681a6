"""The programs of the stack, each with the file that compose mounts; only addresses and folders are put in."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from functional_tests.production.places import DEPLOY, REPOSITORY, SERVER_PATH, program
from functional_tests.production.processes import Program

if TYPE_CHECKING:
    from functional_tests.production.stack import Stack

POOL_SIZE = 20


SERVERS = ("postgres", "standby")


def add_server(stack: Stack, name: str) -> None:
    """Add a PostgreSQL server, started by the script and with the settings that compose mounts.

    `-k ""`: no socket, as its clients are on other machines.
    """
    scripts = stack.folder / "scripts-postgres"
    settings = (
        f"config_file={scripts}/postgresql.conf", f"hba_file={scripts}/pg_hba.conf", f"port={stack.ports[name]}",
        f"archive_command={stack.folder}/scripts-backup/archive_wal.sh %p %f", "listen_addresses=127.0.0.1",
        "shared_buffers=128MB", "max_connections=200",
    )  # fmt: skip
    command: list[str | Path] = [scripts / "start.sh", "postgres", "-k", ""]
    command += [part for setting in settings for part in ("-c", setting)]
    peers = (f"{peer}=127.0.0.1:{stack.ports[peer]}" for peer in SERVERS if peer != name)
    environment = {
        **stack.postgres_environment(name),
        "PGDATA": str(stack.folder / name / "data"),
        "PEERS": " ".join(peers),
        "LEADER": "postgres",
        "BACKUP_SCRIPTS": str(stack.folder / "scripts-backup"),
    }
    stack.add(name, command, environment=environment, user=stack.postgres.account.name or None, cwd=Path("/"))


def add_pgbouncer(stack: Stack) -> None:
    """PgBouncer, by the script of its image, as the user of PostgreSQL."""
    environment = {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(stack.ports["postgres"]),
        "DATABASE_USER": "sharj_app",
        "DATABASE_PASSWORD": stack.secrets["app"],
        "PGBOUNCER_ADDRESS": "127.0.0.1",
        "PGBOUNCER_PORT": str(stack.ports["pgbouncer"]),
        "PGBOUNCER_FOLDER": str(stack.folder / "pgbouncer"),
        "PGBOUNCER_POOL_SIZE": str(POOL_SIZE),
        "PATH": SERVER_PATH,
    }
    owner = stack.postgres.account.name or None
    (stack.folder / "pgbouncer").mkdir()
    if owner:
        shutil.chown(stack.folder / "pgbouncer", owner)
    start = shutil.copytree(DEPLOY / "pgbouncer", stack.folder / "pgbouncer-image") / "start.sh"
    stack.add("pgbouncer", [start], environment=environment, user=owner)


def add_redis(stack: Stack) -> None:
    """Redis with a password."""
    options = ["--port", str(stack.ports["redis"]), "--bind", "127.0.0.1", "--requirepass", stack.secrets["redis"]]
    stack.add("redis", [program("redis-server"), DEPLOY / "redis/redis.conf", *options])


def add_app(stack: Stack, number: int, port: int) -> None:
    """A replica of the application, started as its image starts it."""
    environment = stack.environment(
        GUNICORN_BIND=f"127.0.0.1:{port}", GUNICORN_WORKERS="2", GUNICORN_THREADS="4",
        PATH=f"{Path(sys.executable).parent}:{SERVER_PATH}",
    )  # fmt: skip
    part = Program(
        f"app-{number}", [REPOSITORY / "deploy/app/serve.sh"], stack.folder,
        environment=environment, port=port, cwd=REPOSITORY,
    )  # fmt: skip
    stack.programs[part.name] = part


def add_stream(stack: Stack) -> None:
    """The event stream, which reaches PostgreSQL without PgBouncer."""
    environment = stack.environment(
        DATABASE_PORT=str(stack.ports["postgres"]), DATABASE_POOL_MODE="session",
        PATH=f"{Path(sys.executable).parent}:{SERVER_PATH}",
    )  # fmt: skip
    command = [sys.executable, "manage.py", "event_stream", "--bind", f"127.0.0.1:{stack.ports['stream']}"]
    stack.programs["stream"] = Program(
        "stream", command, stack.folder, environment=environment, port=stack.ports["stream"], cwd=REPOSITORY
    )


def add_nginx(stack: Stack, name: str = "nginx", **changed: str) -> None:
    """nginx; `changed` are variables of its template that differ from the stack's."""
    folder = stack.folder / name
    (folder / "conf.d").mkdir(parents=True)
    for file in (DEPLOY / "nginx/nginx.conf", Path("/etc/nginx/mime.types")):
        shutil.copy(file, folder)
    values = {
        "NGINX_APP_SERVERS": " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in stack.app_ports),
        "NGINX_STREAM_SERVERS": f"server 127.0.0.1:{stack.ports['stream']} max_fails=0;",
        "NGINX_SERVER_NAME": "_",
        "NGINX_HTTP_PORT": f"127.0.0.1:{stack.ports['http']}",
        "NGINX_HTTPS_PORT": f"127.0.0.1:{stack.ports['https']}",
        "NGINX_TLS_CERTIFICATE": str(stack.certificate),
        "NGINX_TLS_KEY": str(stack.folder / "tls.key"),
        "NGINX_STATIC_ROOT": str(REPOSITORY / "staticfiles"),
        "NGINX_LOGIN_RATE": "20r/s",
        "NGINX_LOGIN_BURST": "200",
        "NGINX_CONNECTIONS_PER_ADDRESS": "400",
        "NGINX_ADMIN_NETWORK": "all",
        "NGINX_METRICS_NETWORK": "192.0.2.0/24",
        "NGINX_ACME_ROOT": str(stack.folder / "acme"),
        **changed,
    }
    template = (DEPLOY / "nginx/sharj.conf.template").read_text()
    # As the nginx image does: what is a variable of the environment is filled in, nginx's own are left.
    text = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], template)
    (folder / "conf.d/sharj.conf").write_text(text)
    command = [program("nginx"), "-c", folder / "nginx.conf", "-g", f"daemon off; pid {folder}/nginx.pid;"]
    stack.add(name, command, port=int(values["NGINX_HTTPS_PORT"].rsplit(":", 1)[1]))


def add_prometheus(stack: Stack) -> None:
    """Prometheus, which scrapes the replicas."""
    folder = shutil.copytree(DEPLOY / "prometheus", stack.folder / "prometheus-files")
    (folder / "metrics_token").write_text(stack.secrets["metrics"])
    text = (folder / "prometheus.yml").read_text()
    # Loopback has no service names: the replicas are listed. All else is the file that compose mounts.
    text = re.sub(r"    # Every replica.*", "", text, flags=re.S).replace("/run/secrets/metrics_token", "metrics_token")
    targets = ", ".join(f"'127.0.0.1:{port}'" for port in stack.app_ports)
    text = text.replace("alertmanager:9093", f"127.0.0.1:{stack.ports['alertmanager']}")
    text = text.replace("15s", "1s") + f"    static_configs: [{{targets: [{targets}]}}]\n"
    (folder / "prometheus.yml").write_text(text)
    (folder / "alerts.yml").write_text((folder / "alerts.yml").read_text().replace("for: 1m", "for: 1s"))
    data, port = stack.folder / "prometheus-data", stack.ports["prometheus"]
    options = [f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}"]
    stack.add("prometheus", [program("prometheus"), f"--config.file={folder}/prometheus.yml", *options])
