#!/bin/sh
# PostgreSQL's archive_command: archive_wal.sh %p %f. Compress a file into the archive of this server alone. A file in
# the archive is whole, and is never overwritten.
set -eu
umask 077
archive=${BACKUP_DIR:-/backups}/wal/$SERVER_NAME
target=$archive/$2.gz
mkdir -p "$archive"
if [ -f "$target" ]; then
    gzip -dc "$target" | cmp -s "$1" - && exit 0 # an earlier try did it, and died before it could say so
    echo "$2 is in $archive with another content" >&2
    exit 1
fi
gzip -1 <"$1" >"$target.part"
sync "$target.part"
mv "$target.part" "$target"
sync "$archive"
