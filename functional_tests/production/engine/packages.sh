#!/usr/bin/env bash
# packages.sh FOLDER: put dockerd, compose and buildx of Debian sid into FOLDER/programs, unless they are there, and
# install what they need of this machine's own release.
set -euo pipefail
folder=$1

missing=()
for pair in iptables:iptables mmdebstrap:mmdebstrap slirp4netns:slirp4netns runc:runc tini-static:tini; do
  PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The mirror is the one that apt uses. The archive is apt's own check of signatures, in lists of its own.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
echo "$mirror" >"$folder/mirror"
[ ! -e "$folder/programs/complete" ] || exit 0
apt=$folder/apt
rm -rf "$apt" "$folder/programs"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$folder/programs"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$apt/sources.list"
options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
  -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
cd "$apt"
apt-get "${options[@]}" download docker.io docker-cli docker-compose docker-buildx containerd
for package in *.deb; do dpkg -x "$package" "$folder/programs"; done
rm -rf "$apt"
touch "$folder/programs/complete"
