"""README.md lists every environment variable that the settings read."""

import re

from config.env_file import REPOSITORY


def test_every_variable_is_in_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "config" / "settings").glob("*.py"))
    variables = set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", sources))
    assert len(variables) > 20
    assert {name for name in variables if f"`{name}`" not in readme} == set()
