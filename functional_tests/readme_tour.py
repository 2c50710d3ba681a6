"""The tour in README.md, run block by block in one shell, against a fresh server."""

import re
import subprocess
import sys

from functional_tests.server import REPOSITORY, Product, running_product

README = REPOSITORY / "README.md"
_SECTION = re.compile(r"## Five-minute tour\n.*?(?=\n## )", re.DOTALL)
# Commands, and after them (perhaps) what they print.
_STEP = re.compile(r"```bash\n(?P<commands>.*?)```\n(?:\n```(?P<language>json|text)\n(?P<output>.*?)```\n)?", re.DOTALL)
_MARK = "--- end of step ---"
_VARYING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z": "<time>",
}


def steps(readme: str) -> list[tuple[str, str]]:
    """Return the commands of each step of the tour and the output that the README shows for them."""
    section = _SECTION.search(readme)
    assert section, "README.md has no tour"
    return [(step["commands"], step["output"] or "") for step in _STEP.finditer(section[0])]


def normalized(output: str) -> str:
    """Return `output` without what differs from run to run: ids and times."""
    for pattern, name in _VARYING.items():
        output = re.sub(pattern, name, output)
    return output


def outputs(commands: list[str]) -> list[str]:
    """Run the commands of each step, in one shell, against a fresh server; return what each printed."""
    with running_product() as product:
        _look_like_a_checkout(product)
        script = "set -eu\n" + "".join(f"{text}\necho '{_MARK}'\n" for text in commands)
        result = subprocess.run(
            ["bash"],
            input=script.replace("127.0.0.1:8000", f"127.0.0.1:{product.port}"),
            cwd=product.home,
            env=product.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stdout
    return [text.replace("\r", "").lstrip("\n") for text in result.stdout.split(f"{_MARK}\n")[:-1]]


def _look_like_a_checkout(product: Product) -> None:
    """Put into the server's folder what the tour's commands use of a checkout."""
    (product.home / ".env").touch(mode=0o600)
    (product.home / ".env").write_text(f"DJANGO_SUPERUSER_PASSWORD={product.password}\n", encoding="utf-8")
    (product.home / "manage.py").symlink_to(REPOSITORY / "manage.py")
    (product.home / ".venv").symlink_to(sys.prefix)


def write() -> None:
    """Replace the outputs in the README by those of a run."""
    readme = README.read_text(encoding="utf-8")
    section = _SECTION.search(readme)
    assert section
    results = iter(outputs([commands for commands, _ in steps(readme)]))

    def renew(step: re.Match[str]) -> str:
        output = next(results)
        if step["output"] is None:
            return step[0]
        return f"```bash\n{step['commands']}```\n\n```{step['language']}\n{output}```\n"

    README.write_text(readme.replace(section[0], _STEP.sub(renew, section[0])), encoding="utf-8")
