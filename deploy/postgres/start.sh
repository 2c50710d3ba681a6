#!/bin/sh
# start.sh COMMAND...: start this server as the primary or as a standby, which its data folder decides. One that would
# accept writes beside another leader is refused (docs/adr/0023). SERVER_NAME is this server, PEERS are the others, LEADER
# is who leads when no server says so. Passwords stay in the environment (PGPASSWORD).
set -eu
umask 077
# shellcheck source=deploy/postgres/peers.sh
. "$(dirname "$0")/peers.sh"
backups=${BACKUP_DIR:-/backups}
refuse() { echo "$SERVER_NAME does not start: $1 (docs/operations.md: The primary is lost)" >&2; exit 1; }

# Refuse if another server was promoted: it left a fence, or its first archived file tells of a newer timeline.
check_leadership() {
    [ ! -e "$fences/$SERVER_NAME" ] || refuse "$(cat "$fences/$SERVER_NAME")"
    [ -z "$leader" ] || refuse "$leader accepts writes"
    own=$(ls -1 "$PGDATA"/pg_wal/*.history 2>/dev/null | sort | tail -n 1)
    own=$(basename "${own:-00000001}" .history)
    for file in "$backups"/wal/*/*.history.gz; do
        case $file in "$backups/wal/$SERVER_NAME/"* | *'*'*) continue ;; esac
        [ "$((0x$(basename "$file" .history.gz)))" -le "$((0x$own))" ] || refuse "$file is newer than its timeline $own"
    done
}

# Copy the leader, without settings of a recovery that it once made.
become_standby() {
    rm -rf "$PGDATA.part"
    mkdir -p "$(dirname "$PGDATA")"
    pg_basebackup --pgdata="$PGDATA.part" --dbname="$(address_of "$1")" --checkpoint=fast --wal-method=stream --no-password
    sed -i -E '/^(recovery_|restore_command|primary_)/d' "$PGDATA.part/postgresql.auto.conf"
    touch "$PGDATA.part/standby.signal"
    mv "$PGDATA.part" "$PGDATA"
    rm -f "$fences/$SERVER_NAME"
}

leader=$(leading_peer)
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "$leader" ] && [ "$LEADER" = "$SERVER_NAME" ]; then
        [ ! -e "$fences/$SERVER_NAME" ] || refuse "$(cat "$fences/$SERVER_NAME")"
        [ -z "$(ls -A "$backups/wal/$SERVER_NAME" 2>/dev/null)" ] || refuse "it has an archive and no data: restore it"
        exec docker-entrypoint.sh "$@" # the first start of all
    fi
    become_standby "${leader:-$LEADER}"
fi
if [ ! -e "$PGDATA/standby.signal" ]; then
    check_leadership
    exec "$@"
fi
[ -n "$leader" ] || [ "$LEADER" = "$SERVER_NAME" ] || leader=$LEADER
leader=${leader:-$(peer_names | head -n 1)}
# The archive has what the leader no longer keeps.
exec "$@" -c primary_conninfo="$(address_of "$leader") application_name=${STANDBY_NAME:-standby}" \
    -c restore_command="ARCHIVES='$leader' \"${BACKUP_SCRIPTS:-/opt/backup}/fetch_wal.sh\" %f \"%p\""
