# Sourced by start.sh and promote.sh. PEERS names the other servers: NAME, or NAME=HOST:PORT where the two differ.

if [ -n "${PGPASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$PGPASSWORD_FILE"); export PGPASSWORD; fi
fences=${BACKUP_DIR:-/backups}/fence

peer_names() { for peer in $PEERS; do echo "${peer%%=*}"; done; }

# Print the connection string of a peer.
address_of() {
    for peer in $PEERS; do
        [ "${peer%%=*}" = "$1" ] || continue
        host=${peer#*=}
        case $host in *:*) echo "host=${host%:*} port=${host##*:}" ;; *) echo "host=$host port=5432" ;; esac
    done
}

# Print t if a peer says that it is a standby, f if it says that it leads, nothing if it does not answer.
recovery_of() {
    psql -XAtc 'SELECT pg_is_in_recovery()' "$(address_of "$1") dbname=postgres connect_timeout=3" 2>/dev/null || true
}

# Print the peer that leads, if one says so.
leading_peer() {
    for name in $(peer_names); do
        if [ "$(recovery_of "$name")" = f ]; then echo "$name" && return; fi
    done
}
