#!/bin/sh
# restore.sh DATA_FOLDER [TIME]: make a data folder from the newest base before TIME (ISO 8601, UTC) and the WAL archive.
# When PostgreSQL is started on it, it replays the WAL up to TIME, or to the end, and then accepts writes.
set -eu
folder=${BACKUP_DIR:-/backups}
data=$1
time=${2:-}
[ -z "$(ls -A "$data" 2>/dev/null)" ] || { echo "$data is not empty" >&2; exit 1; }

limit=$(date -u ${time:+--date="$time"} +%Y%m%dT%H%M%SZ)
base=$(ls -1 "$folder/base" | grep -v '\.part$' | sort | awk -v limit="$limit" '$0 <= limit' | tail -n 1)
[ -n "$base" ] || { echo "there is no base before $limit in $folder/base" >&2; exit 1; }

mkdir -p "$data"
cp -a "$folder/base/$base/." "$data/"
chmod 700 "$data"
{
    echo "restore_command = 'cp \"$folder/wal/%f\" \"%p\"'"
    echo "recovery_target_action = promote"
    [ -z "$time" ] || echo "recovery_target_time = '$time'"
} >>"$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "restored base $base into $data; start PostgreSQL on it"
