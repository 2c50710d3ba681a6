#!/bin/sh
# repoint.sh HOST [PORT]: send everybody to another PostgreSQL, now. Clients keep their connections to PgBouncer; what is
# under way on the former server fails. For good: change POSTGRES_HOST, from which start.sh writes the configuration.
set -eu
folder=${PGBOUNCER_FOLDER:-/tmp/pgbouncer}
sed -E "s/^(\S+ = host=)\S+ port=\S+$/\1$1 port=${2:-5432}/" "$folder/pgbouncer.ini" >"$folder/pgbouncer.ini.new"
mv "$folder/pgbouncer.ini.new" "$folder/pgbouncer.ini"
kill -HUP "$(cat "$folder/pgbouncer.pid")"
