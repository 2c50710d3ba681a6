"""The PostgreSQL installation that has Citus: found by its `pg_config`."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MISSING = """\
`make citus-test` needs a PostgreSQL installation that has Citus:
  - PostgreSQL 15 with Citus 13, or PostgreSQL 16 to 18 with Citus 14, from packages of citusdata.com or PGDG,
    such as postgresql-18-citus-14.0 (it is on no registry that this project installs from);
  - then: make citus-test PG_CONFIG=/usr/lib/postgresql/18/bin/pg_config
Found instead: {found}."""


class CitusMissing(Exception):
    """There is no such installation; the message says what to install."""


@dataclass(frozen=True)
class Installation:
    """A folder of programs of a PostgreSQL that can load Citus."""

    programs: Path
    version: str

    @classmethod
    def of(cls, pg_config: str) -> "Installation":
        """Return the installation that a `pg_config` describes.

        Raises:
            CitusMissing: there is no such program, or its PostgreSQL has no Citus.
        """
        program = shutil.which(pg_config)
        if program is None:
            raise CitusMissing(MISSING.format(found=f"no program {pg_config}"))
        programs, libraries, shared, version = (
            _ask(program, f"--{name}") for name in ("bindir", "pkglibdir", "sharedir", "version")
        )
        parts = (Path(libraries, "citus.so"), Path(shared, "extension/citus.control"), Path(programs, "postgres"))
        if absent := [str(part) for part in parts if not part.exists()]:
            raise CitusMissing(MISSING.format(found=f"{version} without {', '.join(absent)}"))
        return cls(Path(programs), version)


def _ask(program: str, question: str) -> str:
    return subprocess.run([program, question], check=True, capture_output=True, text=True).stdout.strip()
