#!/bin/sh
# Install what the browser tests need on Debian: Chromium, and fonts for Latin and Persian. Does nothing if it is there.
set -eu
if [ -x /usr/bin/chromium ] && fc-list :lang=fa 2>/dev/null | grep -q .; then
  exit 0
fi
[ "$(id -u)" = 0 ] || { echo "install.sh: needs root to install Chromium; the browser tests will not run." >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-dejavu-core fonts-noto-core >/dev/null
