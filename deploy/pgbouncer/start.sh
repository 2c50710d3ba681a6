#!/bin/sh
# Write PgBouncer's configuration from the environment, the password file for its eyes only, and become PgBouncer.
set -eu
here=$(dirname "$0")
folder=${PGBOUNCER_FOLDER:=/tmp/pgbouncer}
: "${PGBOUNCER_ADDRESS:=0.0.0.0}" "${PGBOUNCER_PORT:=6432}" "${PGBOUNCER_POOL_SIZE:=20}"
: "${POSTGRES_PORT:=5432}" "${DATABASE_NAME:=sharj}"
[ -z "${DATABASE_PASSWORD_FILE:-}" ] || DATABASE_PASSWORD=$(cat "$DATABASE_PASSWORD_FILE")
umask 077
mkdir -p "$folder"

escape() { printf '%s' "$1" | sed 's/"/""/g'; }
printf '"%s" "%s"\n' "$(escape "$DATABASE_USER")" "$(escape "$DATABASE_PASSWORD")" >"$folder/userlist.txt"

sed -e "s|\${DATABASE_NAME}|$DATABASE_NAME|" -e "s|\${POSTGRES_HOST}|$POSTGRES_HOST|" \
    -e "s|\${POSTGRES_PORT}|$POSTGRES_PORT|" -e "s|\${PGBOUNCER_ADDRESS}|$PGBOUNCER_ADDRESS|" \
    -e "s|\${PGBOUNCER_PORT}|$PGBOUNCER_PORT|" -e "s|\${PGBOUNCER_FOLDER}|$folder|g" \
    -e "s|\${PGBOUNCER_POOL_SIZE}|$PGBOUNCER_POOL_SIZE|" \
    "$here/pgbouncer.ini.template" >"$folder/pgbouncer.ini"
exec pgbouncer "$folder/pgbouncer.ini"
