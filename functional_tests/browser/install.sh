#!/bin/sh
# Install what the browser tests need on Debian: axe-core from npm, Chromium, and fonts for Latin and Persian.
# Does nothing if it is there.
set -eu
AXE=axe-core@4.14.1
cd "$(dirname "$0")"
if [ ! -f .axe/axe.min.js ]; then
  mkdir -p .axe
  npm pack --silent --pack-destination .axe "$AXE" >/dev/null
  tar -xzf .axe/*.tgz -C .axe --strip-components 1 package/axe.min.js
fi
if [ -x /usr/bin/chromium ] && fc-list :lang=fa 2>/dev/null | grep -q .; then
  exit 0
fi
[ "$(id -u)" = 0 ] || { echo "install.sh: needs root to install Chromium; the browser tests will not run." >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-dejavu-core fonts-noto-core >/dev/null
