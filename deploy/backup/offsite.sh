#!/bin/sh
# Copy backups and seals to another place: encrypted, and nothing twice (restic). The variables of restic
# and of AWS say where: RESTIC_REPOSITORY, RESTIC_PASSWORD_FILE, AWS_SHARED_CREDENTIALS_FILE.
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
