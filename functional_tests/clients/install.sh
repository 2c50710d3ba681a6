#!/bin/sh
# Install what the tests of generated clients need from npm (and npm from Debian, if it is missing). Does nothing if it is
# there.
set -eu
cd "$(dirname "$0")"
if [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "install.sh: npm is missing, and installing it needs root." >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi
npm ci --ignore-scripts --no-audit --no-fund --silent
touch node_modules/.package-lock.json
