#!/usr/bin/env bash
# run.sh COMMAND...: run a command with a container engine.
#
# The engine that `docker` reaches is used as it is. Without one, Debian's dockerd is set up: programs, images and data in
# ENGINE_FOLDER (kept for the next run), a network namespace of its own, everything ended by process id. The command
# runs inside that namespace, so that published ports are on its loopback. Needs root there, and cgroups.
set -euo pipefail

has_engine() { docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }
if has_engine; then exec "$@"; fi

here=$(cd "$(dirname "$0")" && pwd)
folder=${ENGINE_FOLDER:-/var/cache/sharj-engine}
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "There is no container engine, and only root on Debian can set one up." >&2
  exit 69 # EX_UNAVAILABLE
fi
mkdir -p "$folder"
exec 9>"$folder/lock"
flock --nonblock 9 || { echo "another run uses $folder; set ENGINE_FOLDER" >&2; exit 75; }

"$here/packages.sh" "$folder" 9>&-

space=sharj-engine-$$
state=$(mktemp -d /run/sharj-engine.XXXXXX)
export DOCKER_HOST=unix://$state/docker.sock DOCKER_CONFIG=$folder/config
export PATH=$folder/programs/usr/bin:$folder/programs/usr/sbin:$PATH:/usr/sbin:/sbin
mkdir -p "$DOCKER_CONFIG"
echo "{\"cliPluginsExtraDirs\": [\"$folder/programs/usr/libexec/docker/cli-plugins\"]}" >"$DOCKER_CONFIG/config.json"

started=()
finish() {
  # The newest first: dockerd stops its containers, then the network goes.
  for ((index = ${#started[@]} - 1; index >= 0; index--)); do
    kill "${started[index]}" 2>/dev/null || true
    wait "${started[index]}" 2>/dev/null || true
  done
  ip netns delete "$space"
  rm -rf "$state"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ip netns add "$space"
inside=(nsenter "--net=/run/netns/$space")
"${inside[@]}" ip link set lo up
slirp4netns --configure --mtu=1400 --disable-host-loopback --netns-type=path "/run/netns/$space" tap0 \
  >"$folder/slirp4netns.log" 2>&1 9>&- &
started+=($!)
# Not `ip netns exec`, which would hide the cgroups. The mounts of containers stay out of the machine's table.
"${inside[@]}" unshare --mount --propagation private dockerd \
  --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$state/exec" --pidfile "$state/docker.pid" \
  --init-path "$(command -v tini-static)" --mtu 1400 --shutdown-timeout 10 >"$folder/dockerd.log" 2>&1 9>&- &
started+=($!)
for ((second = 0; ; second++)); do
  docker info >/dev/null 2>&1 && break
  [ "$second" -lt 60 ] || { tail -20 "$folder/dockerd.log" >&2; exit 1; }
  sleep 1
done

# What a run that was cut left behind: a volume of its standby would not fit the next run's primary.
docker ps --all --quiet | xargs -r docker rm --force --volumes >/dev/null
docker volume prune --all --force >/dev/null

"$here/images.sh" "$folder" 9>&-

code=0
"${inside[@]}" "$@" 9>&- || code=$?
exit "$code"
