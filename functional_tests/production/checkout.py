"""A folder with what a clone has, and the commands that the README gives for it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from functional_tests.production.places import REPOSITORY


def copy_checkout(folder: Path) -> Path:
    """Copy the files that git tracks, or would track, into `folder`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


def readme_commands(section: str) -> list[str]:
    """Return the commands of a section of the README, in order, as a shell reads them."""
    text = (REPOSITORY / "README.md").read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"^    (\S.+)$", text.replace("\\\n", " "), re.M)


def variables(file: Path) -> dict[str, str]:
    """Return the variables of a file of NAME=value."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if re.match(r"[A-Z_]+=", line))
