#!/bin/sh
# PostgreSQL's archive_command: archive_wal.sh %p %f. A file in the archive is whole, and is never overwritten.
set -eu
target=${BACKUP_DIR:-/backups}/wal/$2
mkdir -p "$(dirname "$target")"
if [ -f "$target" ]; then
    cmp -s "$1" "$target" && exit 0 # an earlier try did it, and died before it could say so
    echo "$2 is in the archive with another content" >&2
    exit 1
fi
cp "$1" "$target.part"
sync "$target.part"
mv "$target.part" "$target"
