"""Carry out a Dockerfile without an engine: its own steps, in order, by chroot in a root made of Debian's packages.

An instruction that is not known here is an error, so the Dockerfile cannot outgrow this.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Mounts that an engine gives a container, in a namespace of its own: they are gone when the command ends.
_ENTER = """
for part in proc dev; do mkdir -p "$0/$part"; mount --rbind "/$part" "$0/$part"; done
exec chroot --userspec="$1" "$0" /bin/sh -c 'cd "$0" && exec "$@"' "$2" "${@:3}"
"""


@dataclass
class Stage:
    """A root file system and what the Dockerfile says of it."""

    root: Path
    base: str
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    )
    folder: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def start(
        self, command: list[str], environment: Mapping[str, str], *, user: str = "", **options: object
    ) -> subprocess.Popen[str]:
        """Start a command inside, as its user, with nothing of our environment."""
        line = ["unshare", "--mount", "--propagation", "private", "bash", "-c", _ENTER, str(self.root)]
        line += [user or self.user, self.folder, *command]
        given = {**self.environment, **environment}
        # mypy cannot choose an overload by options that it does not see.
        return subprocess.Popen(line, env=given, text=True, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload,no-any-return]

    def run(self, command: list[str], environment: Mapping[str, str] | None = None, *, user: str = "") -> str:
        """Run a command inside and return what it prints; raises RuntimeError if it fails."""
        process = self.start(command, environment or {}, user=user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed: str = process.communicate(timeout=900)[0]
        if process.returncode:
            raise RuntimeError(f"{shlex.join(command)} ended with {process.returncode}:\n{printed[-3000:]}")
        return printed

    def inside(self, path: str) -> Path:
        """Return where a path of the image is."""
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")


class Build:
    """One build. `make_base` fills a folder with what FROM names; `before_run` may prepare a RUN step."""

    def __init__(
        self,
        context: Path,
        scratch: Path,
        make_base: Callable[[str, Path], None],
        before_run: Callable[[Stage, str], dict[str, str]],
    ) -> None:
        self.context, self.scratch = context, scratch
        self.make_base, self.before_run = make_base, before_run
        self.stages: dict[str, Stage] = {}
        self.steps: list[str] = []
        self.ignored = [line.strip("/") for line in (context / ".dockerignore").read_text().splitlines()
                        if line and not line.startswith("#")]  # fmt: skip

    def carry_out(self) -> Stage:
        """Carry out every instruction; return the last stage."""
        text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", (self.context / "Dockerfile").read_text(), flags=re.M))
        stage = None
        for line in filter(None, map(str.strip, text.splitlines())):
            name, rest = line.split(maxsplit=1)
            self.steps.append(line)
            if name == "FROM":
                stage = self._from(rest)
                continue
            assert stage is not None, line
            getattr(self, f"_{name.lower()}")(stage, rest)  # an AttributeError: an instruction that is new here
        assert stage is not None
        return stage

    def _from(self, rest: str) -> Stage:
        image, _, name = rest.partition(" AS ")
        name = name or f"stage-{len(self.stages)}"
        root = self.scratch / name
        root.mkdir()
        self.make_base(image, root)
        self.stages[name] = Stage(root, image)
        return self.stages[name]

    def _env(self, stage: Stage, rest: str) -> None:
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            stage.environment[name] = re.sub(r"\$(\w+)", lambda found: stage.environment[found[1]], value)

    def _workdir(self, stage: Stage, rest: str) -> None:
        stage.folder = rest
        stage.inside(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, stage: Stage, rest: str) -> None:
        words = rest.split()
        origin = self.stages[words.pop(0).partition("=")[2]] if words[0].startswith("--from=") else None
        *sources, target = words
        for source in sources:
            place = origin.inside(source) if origin else self.context / source
            into = stage.inside(target)
            if place.is_dir():  # its contents, as COPY does
                shutil.copytree(place, into, symlinks=True, dirs_exist_ok=True, ignore=None if origin else self._ignore)
            else:
                into = into / place.name if target.endswith("/") else into
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, into)

    def _ignore(self, folder: str, names: list[str]) -> set[str]:
        """Leave out what .dockerignore names."""
        here = Path(folder).relative_to(self.context)
        return {
            name for name in names for rule in self.ignored
            if fnmatch.fnmatch(str(here / name), rule)
            or (rule.startswith("**/") and fnmatch.fnmatch(name, rule.removeprefix("**/")))
        }  # fmt: skip

    def _run(self, stage: Stage, rest: str) -> None:
        stage.run(["/bin/sh", "-c", rest], self.before_run(stage, rest))

    def _user(self, stage: Stage, rest: str) -> None:
        stage.user = rest

    def _expose(self, stage: Stage, rest: str) -> None:
        assert rest.isdigit()

    def _healthcheck(self, stage: Stage, rest: str) -> None:
        stage.healthcheck = json.loads(rest.partition("CMD ")[2])

    def _cmd(self, stage: Stage, rest: str) -> None:
        stage.command = json.loads(rest)
