#!/bin/sh
# Copy backups and seals to another place: encrypted, and nothing twice (restic). RESTIC_REPOSITORY, RESTIC_PASSWORD and the
# variables of its provider (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) say where.
set -eu
stamps=${STAMPS_DIR:-/stamps}
restic cat config >/dev/null 2>&1 || restic init --quiet
restic unlock --quiet # only locks of processes that died
restic backup --quiet --host sharj --exclude '*.part' "${BACKUP_DIR:-/backups}" "${SEALS_DIR:-/seals}"
restic forget --quiet --host sharj --keep-within 1d --keep-daily 14 --keep-weekly 8 --keep-monthly 12
[ -z "$(find "$stamps/offsite_prune.ok" -mmin -1440 2>/dev/null)" ] || exit 0
restic prune --quiet
restic check --quiet
touch "$stamps/offsite_prune.ok"
