#!/bin/sh
# Restore the newest backup of the server SERVER_NAME and its WAL into SCRATCH_DIR, and serve it until `manage.py schedule`
# has run verify_ledger on it. Exit 0 only if that found no fault.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
stamps=${STAMPS_DIR:-/stamps}
data=${SCRATCH_DIR:-/scratch}/data
socket=$(mktemp -d)
stop() { [ ! -e "$data/postmaster.pid" ] || pg_ctl stop --silent --wait --mode=immediate --pgdata="$data"; rm -rf "$data" "$socket"; }
trap stop EXIT
trap 'exit 1' INT TERM

# The first backup may still be under way.
until ls -d "${BACKUP_DIR:-/backups}/base/$SERVER_NAME"/*Z >/dev/null 2>&1; do sleep 10; done
rm -rf "$data"
"$here/restore.sh" "$data"
pg_ctl start --silent --wait --pgdata="$data" --log="$data/log" -o "-c listen_addresses='*' -c port=${PORT:-5432} \
    -c hba_file=${HBA_FILE:-/opt/postgres/pg_hba.conf} -c unix_socket_directories=$socket -c synchronous_standby_names="
if [ -n "${DATABASE_PASSWORD_FILE:-}" ]; then DATABASE_PASSWORD=$(cat "$DATABASE_PASSWORD_FILE"); export DATABASE_PASSWORD; fi
# The password of the application may have changed since the backup.
psql -XAtq --host="$socket" --port="${PORT:-5432}" postgres <<'SQL'
\getenv password DATABASE_PASSWORD
ALTER ROLE sharj_app PASSWORD :'password';
SQL
touch "$stamps/restored"
tries=0
until [ -n "$(find "$stamps/restored_ledger.ok" "$stamps/restored_ledger.failed" -newer "$stamps/restored" 2>/dev/null)" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 17280 ] || { echo "a day has passed, and the restored ledger was not verified" >&2; exit 1; }
    sleep 5
done
[ -n "$(find "$stamps/restored_ledger.ok" -newer "$stamps/restored" 2>/dev/null)" ]
