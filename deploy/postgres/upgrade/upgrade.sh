#!/bin/sh
# upgrade.sh OLD_DATA NEW_DATA: make a data folder of this major version from one of an earlier version, which was stopped
# and stays as it is (pg_upgrade copies). OLD_BIN and NEW_BIN are the programs of both.
set -eu
umask 077
old=$1 new=$2
backups=${BACKUP_DIR:-/backups}
version=$(cat "$old/PG_VERSION")
old_bin=${OLD_BIN:-/usr/lib/postgresql/$version/bin}
new_bin=${NEW_BIN:-$(dirname "$(command -v postgres)")}
former=$backups/postgresql-$version
fail() { echo "upgrade: $1" >&2; exit 1; }
[ -z "$(ls -A "$new" 2>/dev/null)" ] || fail "$new is not empty"
[ ! -e "$old/standby.signal" ] || fail "$old is a standby: upgrade the primary, and make the standby anew"
[ ! -e "$former" ] || fail "$former exists"

# pg_upgrade wants both with checksums or both without.
checksums=$(LC_ALL=C "$old_bin/pg_controldata" "$old" | sed -n 's/^Data page checksum version: *//p')
[ "$checksums" = 0 ] && option=--no-data-checksums || option=--data-checksums
mkdir -p "$new"
"$new_bin/initdb" --pgdata="$new" --username=postgres --auth-local=trust --auth-host=scram-sha-256 "$option" >/dev/null

work=$(mktemp -d)
cd "$work"
set -- --old-bindir="$old_bin" --new-bindir="$new_bin" --old-datadir="$old" --new-datadir="$new" --username=postgres \
    --socketdir="$work"
"$new_bin/pg_upgrade" "$@" --check >"$work/log" || { cat "$work/log" >&2; fail "the check failed, nothing was changed"; }
"$new_bin/pg_upgrade" "$@" >"$work/log" || {
    tail -n 5 "$work/log" "$new"/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log >&2
    fail "delete $new; $old was not changed"
}

# The new server is another system, and begins at timeline 1: what was archived before is of no use to it.
mkdir -p "$former"
for kind in base dump wal fence; do
    [ ! -e "$backups/$kind" ] || mv "$backups/$kind" "$former/$kind"
done
cd /
rm -rf "$work"
echo "upgraded from $version to $(cat "$new/PG_VERSION"); backups of $version are in $former"
