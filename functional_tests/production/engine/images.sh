#!/usr/bin/env bash
# images.sh FOLDER: make stand-ins for the images that the files of the deployment name, unless the engine has them. They
# are Debian's packages with what matters of each real image imitated: images/Dockerfile. There is no registry here.
set -euo pipefail
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
repository=$here/../../..
mirror=$(cat "$folder/mirror")

# Names with tags, as the files have them.
named() {
  grep -hE '^\s*(image:|FROM|ARG)' "$repository"/docker-compose*.yaml "$repository"/Dockerfile "$repository"/deploy/*/Dockerfile |
    grep -oE "\b$1:[A-Za-z0-9._-]+" | sort -u
}

# As the real images of Debian: no documentation, no syncing. A mirror that stands still is told by apt's own setting.
options=(--quiet --mode=root --variant=minbase --include=ca-certificates --dpkgopt=force-unsafe-io
  '--dpkgopt=path-exclude=/usr/share/doc/*' '--dpkgopt=path-exclude=/usr/share/man/*'
  '--dpkgopt=path-exclude=/usr/share/locale/*'
  "--aptopt=Acquire::Check-Valid-Until \"$(apt-config dump --format '%v' Acquire::Check-Valid-Until)\"")
import() { # SUITE NAME: a root of Debian's smallest set
  docker image inspect "$2" >/dev/null 2>&1 && return
  mmdebstrap "${options[@]}" "$1" "$folder/$1.tar" "$mirror"
  docker import --change 'CMD ["bash"]' "$folder/$1.tar" "$2" >/dev/null
  rm "$folder/$1.tar"
}
import sid sharj-engine:sid &
import bookworm "$(named debian)"
wait $!

# The machine's certificates: builds fetch packages through whatever this machine uses.
context=$folder/context
rm -rf "$context"
mkdir "$context"
cp -r "$here/images/." "$context"
cp /etc/ssl/certs/ca-certificates.crt "$context"
mkdir "$context/python"
for python in python3.12 "$HOME"/.pyenv/versions/3.12.*/bin/python3.12; do
  prefix=$("$python" -c 'import sys; print(sys.base_prefix)' 2>/dev/null) || continue
  [ "$prefix" != /usr ] || continue
  mkdir -p "$context/python/bin" "$context/python/lib"
  cp -a "$prefix"/bin/python3* "$context/python/bin"
  cp -a "$prefix"/lib/libpython3* "$context/python/lib" 2>/dev/null || true
  tar -C "$prefix/lib" --exclude=test --exclude=__pycache__ --exclude=site-packages/* -cf - python3.12 | tar -C "$context/python/lib" -xf -
  ln -sf python3.12 "$context/python/bin/python"
  ln -sf python3.12 "$context/python/bin/python3"
  break
done

for name in postgres redis nginx prom/prometheus prom/alertmanager grafana/grafana python; do
  for image in $(named "$name"); do
    docker build --quiet --network host --build-arg "BOOKWORM=$(named debian)" --target "${name##*/}" --tag "$image" "$context" >/dev/null
  done
done
