#!/bin/sh
# Refuse a configuration that is not fit for production, in one line; else become gunicorn.
set -eu
python manage.py check --deploy --fail-level WARNING
exec gunicorn --config config/gunicorn.conf.py
