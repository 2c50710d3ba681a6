#!/bin/sh
# Promote this standby. A peer that led is fenced first: it does not start again on the data that it has. Refused while
# it lives, also while it is starting: stop it before.
set -eu
umask 077
# shellcheck source=deploy/postgres/peers.sh
. "$(dirname "$0")/peers.sh"
tries=0
until [ "$(psql -XAtc 'SELECT pg_is_in_recovery()' postgres 2>/dev/null)" = t ]; do # it may be starting
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "$SERVER_NAME is not a standby that answers" >&2; exit 1; }
    sleep 1
done
mkdir -p "$fences"
for name in $(peer_names); do
    [ "$(recovery_of "$name")" != t ] || continue # a standby, as this one was
    echo "$SERVER_NAME was promoted at $(date -u +%FT%TZ)" >"$fences/$name"
    sync "$fences/$name" "$fences"
    state=0
    pg_isready --quiet --timeout=5 --dbname="$(address_of "$name")" || state=$?
    if [ "$state" -lt 2 ]; then # 1: it is starting
        rm "$fences/$name"
        echo "$name answers: stop it first" >&2
        exit 1
    fi
done
psql -XAtqc 'SELECT pg_promote(wait => true)' postgres | grep -qx t
echo "$SERVER_NAME leads"
