#!/bin/sh
# restore.sh DATA_FOLDER [TIME]: make a data folder as of TIME (ISO 8601 with an offset), or as of the end of the archive.
# A base backup is copied, and a server that has no clients replays the WAL. The result is a stopped primary on a timeline
# of its own, without any setting of a recovery: none can be copied into a later base or standby.
# ARCHIVES: the servers whose backups and WAL are used, the last leader first. TIMELINE: a number, to follow a history
# that an earlier restore left; else the newest is followed.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
export BACKUP_DIR="${BACKUP_DIR:-/backups}" ARCHIVES="${ARCHIVES:-${SERVER_NAME:-postgres}}"
data=$1
time=${2:-}
fail() { echo "restore: $1" >&2; exit 1; }
[ -z "$(ls -A "$data" 2>/dev/null)" ] || fail "$data is not empty"

archived() { for server in $ARCHIVES; do ls -1 "$BACKUP_DIR/wal/$server" 2>/dev/null || true; done; }
history_of() { "$here/fetch_wal.sh" "$1.history" "$scratch/history" || :>"$scratch/history"; }
comparable() { printf '%08X%08X' "0x${1%/*}" "0x${1#*/}"; } # a WAL location whose order is that of text

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
timeline=${TIMELINE:+$(printf '%08X' "$TIMELINE")}
timeline=${timeline:-$(archived | sed -n 's/\.history\.gz$//p' | sort | tail -n 1)}
timeline=${timeline:-00000001}
history_of "$timeline"

# Tell whether a base is on that timeline or on one of its ancestors, before it ended. Others belong to a history that an
# earlier restore left: no WAL leads from them to the present.
is_ancestor() {
    # shellcheck disable=SC2046
    set -- $(sed -n 's/.*"Timeline": \([0-9]*\),.*"End-LSN": "\([0-9A-F/]*\)".*/\1 \2/p' "$1/backup_manifest" | tail -n 1)
    [ "$(printf '%08X' "$1")" != "$timeline" ] || return 0
    left=$(awk -v timeline="$1" '$1 == timeline { print $2 }' "$scratch/history")
    [ -n "$left" ] && [ "$(printf '%s\n' "$(comparable "$2")" "$(comparable "$left")" | sort | tail -n 1)" = "$(comparable "$left")" ]
}

limit=${time:+$(date -u --date="$time" +%Y%m%dT%H%M%SZ)}
base=
for candidate in $(for server in $ARCHIVES; do ls -1d "$BACKUP_DIR/base/$server"/*Z 2>/dev/null || true; done |
    awk -F/ -v limit="$limit" 'limit == "" || $NF < limit { print $NF " " $0 }' | sort -r | cut -d' ' -f2); do
    if is_ancestor "$candidate"; then base=$candidate && break; fi
done
[ -n "$base" ] || fail "no base of $ARCHIVES ended before ${time:-now} on timeline $timeline or its ancestors"

mkdir -p "$data"
data=$(cd "$data" && pwd)
cp -a "$base/." "$data/"
chmod 700 "$data"
# What an earlier recovery left in the base would say where this one ends.
sed -i -E '/^(recovery_|restore_command|primary_)/d' "$data/postgresql.auto.conf"
rm -f "$data/standby.signal"
touch "$data/recovery.signal"
{
    echo "include '$data/postgresql.conf'"
    echo "restore_command = '\"$here/fetch_wal.sh\" %f \"%p\"'"
    echo "recovery_target_timeline = '${TIMELINE:-latest}'"
    echo "recovery_target_action = promote"
    [ -z "$time" ] || echo "recovery_target_time = '$time'"
} >"$scratch/replay.conf"
# The new timeline's first files wait in pg_wal until the server that is started on the folder archives them.
pg_ctl start --silent --wait --pgdata="$data" --log="$scratch/log" -o "-c config_file=$scratch/replay.conf -c port=5432 \
    -c hot_standby=off -c listen_addresses= -c unix_socket_directories=$scratch -c archive_mode=on -c archive_command=" || true
until pg_isready --quiet --host="$scratch" --port=5432; do # only when the replay has ended
    pg_ctl status --pgdata="$data" >/dev/null || { tail -n 20 "$scratch/log" >&2; fail "the WAL could not be replayed"; }
    sleep 0.2
done
pg_ctl stop --silent --wait --mode=fast --pgdata="$data"

# Without a time, all that was archived must have been replayed.
end=$(awk 'NF { end = $2 } END { print end }' "$(ls -1 "$data"/pg_wal/*.history | sort | tail -n 1)")
reached=$(printf '%08X%08X' "0x${end%/*}" "$((0x${end#*/} / 16777216))")
newest=$(archived | sed -n "s/^$timeline\([0-9A-F]\{16\}\)\.gz$/\1/p" | sort | tail -n 1)
[ -n "$time" ] || [ "$(printf '%s\n' "$newest" "$reached" | sort | tail -n 1)" = "$reached" ] ||
    fail "the archive has WAL up to $newest, but the replay ended in $reached: a file between them is missing"
echo "restored ${base##*/} into $data; $(grep -o 'last completed transaction was.*' "$scratch/log" | tail -n 1)"
