"""Creation of `.env`."""

import subprocess
import sys
from pathlib import Path

from config.env_file import REPOSITORY, create_env_file


def values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_created_file_is_private_and_has_secrets_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for target in (first, second):
        assert create_env_file(REPOSITORY / ".env.example", target) is True
        assert target.stat().st_mode & 0o777 == 0o600
    for name in ("SECRET_KEY", "WEBHOOK_ENCRYPTION_KEY", "DJANGO_SUPERUSER_PASSWORD"):
        assert len(values(first)[name]) >= 16
        assert values(first)[name] != values(second)[name]
    assert values(first)["DJANGO_SUPERUSER_USERNAME"] == "admin"
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("SECRET_KEY=mine\n")
    assert create_env_file(REPOSITORY / ".env.example", target) is False
    assert target.read_text() == "SECRET_KEY=mine\n"


def test_it_needs_the_standard_library_only() -> None:
    script = "import config.env_file, sys; sys.exit('django' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {script}"],
            cwd=REPOSITORY,
            check=False,
        ).returncode
        == 0
    )
