#!/bin/sh
# Become a standby of PRIMARY_HOST: copy it once, then follow it. The password stays in the environment (PGPASSWORD).
# Once promoted, it has no standby.signal and follows nobody.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$PGPASSWORD_FILE"); export PGPASSWORD; fi
primary="host=$PRIMARY_HOST port=${PRIMARY_PORT:-5432} application_name=${STANDBY_NAME:-standby}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    copy=$PGDATA.part
    rm -rf "$copy"
    mkdir -p "$(dirname "$PGDATA")"
    pg_basebackup --pgdata="$copy" --dbname="$primary" --checkpoint=fast --wal-method=stream --no-password
    touch "$copy/standby.signal"
    mv "$copy" "$PGDATA"
fi
# The archive has what the primary no longer keeps.
exec "$@" -c primary_conninfo="$primary" -c restore_command="cp \"${BACKUP_DIR:-/backups}/wal/%f\" \"%p\""
