#!/bin/sh
# PostgreSQL's restore_command: fetch_wal.sh %f %p. Look for a file in the archives of the servers ARCHIVES, in order.
# Exit 126 stops the recovery: a damaged file must not pass for the end of the archive.
set -eu
for server in $ARCHIVES; do
    file=${BACKUP_DIR:-/backups}/wal/$server/$1.gz
    [ -f "$file" ] || continue
    gzip -dc "$file" >"$2" || exit 126
    exit 0
done
exit 1
