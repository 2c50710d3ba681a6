"""The tours of the documents, run block by block in one shell, each against a fresh server.

Blocks of `bash` are run. One of `json` or `text` right after them is what they print. A block of `python name.py` is
the content of that file, which later blocks run.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from functional_tests.server import REPOSITORY, Product, running_product

# Commands, and after them (perhaps) what they print; or a file.
_STEP = re.compile(
    r"```bash\n(?P<commands>.*?)```\n(?:\n```(?P<language>json|text)\n(?P<output>.*?)```\n)?"
    r"|```python (?P<file>\w+\.py)\n(?P<content>.*?)```\n",
    re.DOTALL,
)
_MARK = "--- end of step ---"
_VARYING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z": "<time>",
    r"\b\d{4}-\d\d-\d\d\b": "<day>",
}
# What a page shows in place of secrets and tokens.
_SECRETS = {r"sharj_[\w-]{43}": "sharj_pD3k…", r"eyJ[\w-]+\.[\w-]+\.[\w-]+": "eyJhbGciOi…"}


@dataclass(frozen=True)
class Tour:
    """A page with a tour, or with one between a heading and the next."""

    name: str
    heading: str = ""

    @property
    def page(self) -> Path:
        """The file."""
        return REPOSITORY / self.name

    def section(self) -> str:
        """Return the text of the tour."""
        text = self.page.read_text(encoding="utf-8")
        found = re.search(rf"## {self.heading}\n.*?(?=\n## )", text, re.DOTALL) if self.heading else None
        assert found or not self.heading, f"{self.name} has no section {self.heading}"
        return found[0] if found else text

    def steps(self) -> list[re.Match[str]]:
        """Return its blocks."""
        return list(_STEP.finditer(self.section()))

    def shown(self) -> list[str]:
        """Return the output that the page shows for each block."""
        return [step["output"] or "" for step in self.steps()]

    def printed(self) -> list[str]:
        """Run the blocks against a fresh server and return what each printed."""
        with running_product() as product:
            _look_like_a_checkout(product)
            script = "set -eu\n" + "".join(f"{_commands(step)}\necho '{_MARK}'\n" for step in self.steps())
            result = subprocess.run(
                ["bash"],
                input=script.replace("127.0.0.1:8000", f"127.0.0.1:{product.port}"),
                cwd=product.home,
                env={**product.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=240,
                check=False,
            )
        assert result.returncode == 0, result.stdout
        return [text.replace("\r", "").lstrip("\n") for text in result.stdout.split(f"{_MARK}\n")[:-1]]

    def write(self) -> None:
        """Replace the outputs in the page by those of a run."""
        section, results = self.section(), iter(self.printed())

        def renew(step: re.Match[str]) -> str:
            output = _replaced(next(results), _SECRETS)
            if step["output"] is None:
                return step[0]
            return f"```bash\n{step['commands']}```\n\n```{step['language']}\n{output}```\n"

        text = self.page.read_text(encoding="utf-8")
        self.page.write_text(text.replace(section, _STEP.sub(renew, section)), encoding="utf-8")


def normalized(output: str) -> str:
    """Return `output` without what differs from run to run: ids, times, secrets."""
    return _replaced(output, _VARYING | _SECRETS)


def _replaced(text: str, patterns: Mapping[str, str]) -> str:
    for pattern, name in patterns.items():
        text = re.sub(pattern, name, text)
    return text


def _commands(step: re.Match[str]) -> str:
    if step["file"]:
        return f"cat > {step['file']} <<'END-OF-FILE'\n{step['content']}END-OF-FILE"
    return step["commands"]


def _look_like_a_checkout(product: Product) -> None:
    """Put into the server's folder what the tours' commands use of a checkout."""
    (product.home / ".env").touch(mode=0o600)
    (product.home / ".env").write_text(f"DJANGO_SUPERUSER_PASSWORD={product.password}\n", encoding="utf-8")
    for name in ("manage.py", "clients"):
        (product.home / name).symlink_to(REPOSITORY / name)
    (product.home / ".venv").symlink_to(sys.prefix)
