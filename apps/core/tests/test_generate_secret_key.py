"""manage.py generate_secret_key."""

import re

from apps.core.tests.test_manage import manage


def test_it_needs_no_settings_and_never_repeats_itself() -> None:
    nothing = {"SECRET_KEY": "", "DATABASE_HOST": "db.invalid", "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    results = [manage("generate_secret_key", environment=nothing) for _ in range(2)]
    assert [result.returncode for result in results] == [0, 0], results[0].stderr
    keys = [result.stdout.strip() for result in results]
    assert keys[0] != keys[1]
    # No character that an .env file or a shell would take for something else; longer than production asks for.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{60,}", key) for key in keys)
