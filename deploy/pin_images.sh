#!/bin/sh
# Pin every image to the digest that its tag has now, in compose.env; needs the registry. Run it again to take a newer
# image of the same tag, or after a change of a tag.
set -eu
cd "$(dirname "$0")/.."
files="docker-compose.yaml docker-compose.prod.yaml Dockerfile deploy/pgbouncer/Dockerfile deploy/offsite/Dockerfile"
# ${NAME_IMAGE:-reference} in compose files, ARG NAME_IMAGE=reference in Dockerfiles.
# shellcheck disable=SC2086
sed -nE 's/.*\b([A-Z]+_IMAGE)(:-|=)([a-z0-9/._-]+:[A-Za-z0-9._-]+).*/\1 \3/p' $files | sort -u | while read -r name reference; do
    digest=$(docker buildx imagetools inspect "$reference" --format '{{.Manifest.Digest}}')
    sed -i "/^$name=/d" compose.env
    echo "$name=$reference@$digest" | tee -a compose.env
done
