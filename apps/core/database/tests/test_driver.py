"""The driver of the money path, beside the one that the queue's worker brings."""

import subprocess
import sys

import psycopg2
from django.db import connection
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from config.env_file import REPOSITORY


def test_django_speaks_psycopg2_although_psycopg_3_is_installed(db: None) -> None:
    connection.ensure_connection()

    assert not is_psycopg3
    assert isinstance(connection.connection, psycopg2.extensions.connection)


def test_it_does_so_in_a_process_that_has_loaded_psycopg_3_before() -> None:
    program = (
        "import psycopg, django; django.setup(); from django.db.backends.postgresql import base;"
        "print(base.Database.__name__, psycopg is __import__('psycopg'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert done.stdout == "psycopg2 True\n", done.stderr
