#!/bin/sh
# One backup of the server SERVER_NAME: a base for point-in-time recovery (with its WAL archive) and a dump. libpq's PG...
# variables say how to reach it. Only the server's user can read the result.
set -eu
umask 077
if [ -n "${PGPASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$PGPASSWORD_FILE"); export PGPASSWORD; fi
folder=${BACKUP_DIR:-/backups}
bases=$folder/base/$SERVER_NAME
dumps=$folder/dump/$SERVER_NAME
wal=$folder/wal/$SERVER_NAME
mkdir -p "$bases" "$dumps"
exec 9>"$folder/base/lock"
flock --nonblock 9 || { echo "another backup is under way" >&2; exit 1; }
rm -rf "$bases"/*.part "$dumps"/*.part # of a backup that died

# A base is named by its end: it can be restored to any moment after that.
pg_basebackup --pgdata="$bases/new.part" --checkpoint=fast --wal-method=stream --no-password
pg_verifybackup --quiet "$bases/new.part"
sync --file-system "$bases"
name=$(date -u +%Y%m%dT%H%M%SZ)
mv "$bases/new.part" "$bases/$name"

pg_dump --format=custom --file="$dumps/$name.part" --no-password "${DATABASE_NAME:-sharj}"
mv "$dumps/$name.part" "$dumps/$name"
sync --file-system "$dumps"

# Keep the newest ones, and of the WAL what the oldest kept base needs.
for kind in "$bases" "$dumps"; do
    ls -1 "$kind" | sort -r | tail -n +"$((${BACKUP_KEEP:-7} + 1))" | while read -r old; do rm -rf "${kind:?}/$old"; done
done
oldest=$(ls -1 "$bases" | sort | head -n 1)
# The base names the segment where its recovery begins.
first=$(sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p' "$bases/$oldest/backup_label")
[ -z "$first" ] || [ ! -d "$wal" ] || pg_archivecleanup -x .gz "$wal" "$first"
echo "backup $name of $SERVER_NAME is whole"
