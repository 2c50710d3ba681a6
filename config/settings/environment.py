"""Where the settings come from: the environment, and `.env` for what it does not say."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # the real environment wins over the file
