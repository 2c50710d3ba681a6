#!/usr/bin/env bash
# Install what `make stack-test` starts, if it is missing: Debian's nginx, PgBouncer, Redis, Prometheus and others.
# The packages would start services of their own; a policy file forbids that while they are installed.
set -euo pipefail

missing=()
for pair in nginx:nginx pgbouncer:pgbouncer redis-server:redis-server prometheus:prometheus promtool:prometheus \
            logrotate:logrotate openssl:openssl restic:restic prometheus-alertmanager:prometheus-alertmanager \
            certbot:certbot pebble:pebble; do
  PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}. Install them with your package manager." >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
