#!/bin/sh
# One backup: a base for point-in-time recovery (with the WAL archive) and a dump. libpq's PG... variables say of what.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$PGPASSWORD_FILE"); export PGPASSWORD; fi
folder=${BACKUP_DIR:-/backups}
keep=${BACKUP_KEEP:-7}
name=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$folder/base" "$folder/dump"

pg_basebackup --pgdata="$folder/base/$name.part" --checkpoint=fast --wal-method=stream --no-password
pg_verifybackup --quiet "$folder/base/$name.part"
mv "$folder/base/$name.part" "$folder/base/$name"

pg_dump --format=custom --file="$folder/dump/$name.part" --no-password "${DATABASE_NAME:-sharj}"
mv "$folder/dump/$name.part" "$folder/dump/$name"
touch "$folder/last-backup"

# Keep the newest ones, and of the WAL what the oldest kept base needs.
for kind in base dump; do
    ls -1 "$folder/$kind" | sort -r | tail -n +"$((keep + 1))" | while read -r old; do rm -rf "${folder:?}/$kind/$old"; done
done
oldest=$(ls -1 "$folder/base" | sort | head -n 1)
# The base names the segment where its recovery begins.
first=$(sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p' "$folder/base/$oldest/backup_label")
[ -z "$first" ] || [ ! -d "$folder/wal" ] || pg_archivecleanup "$folder/wal" "$first"
echo "backup $name is whole"
