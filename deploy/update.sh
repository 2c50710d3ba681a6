#!/bin/sh
# Bring this checkout into production without a request lost: build it, refuse migrations that the running version could
# not live with, migrate, and replace the replicas one by one. Whatever fails leaves the former replicas serving.
set -eu
cd "$(dirname "$0")/.."
compose() { docker compose --env-file compose.env -f docker-compose.yaml -f docker-compose.prod.yaml "$@"; }
replicas() { compose ps --all --quiet app | sort; }
network=$(compose ps --quiet nginx | xargs docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{println $name}}{{end}}' | grep '_app$')

# A replica that ends is started again by the engine, for ever: that is none that becomes ready.
is_ready() {
    for _ in $(seq 150); do
        case $(docker inspect --format '{{.State.Health.Status}} {{.RestartCount}}' "$1") in
            "healthy 0") docker exec "$1" python deploy/app/healthcheck.py ready && return 0 ;;
            unhealthy* | *" "[1-9]*) return 1 ;;
        esac
        sleep 2
    done
    return 1
}

former=$(replicas)
[ -n "$former" ] || { echo "no replica is there: bring production up first" >&2; exit 1; }
count=$(echo "$former" | wc -l)

deploy/make_env.sh >/dev/null # secrets that the former version did not have
compose build
compose run --rm --no-deps release
# First, because the former worker would give up jobs of a kind that it does not know. It finishes what it holds.
compose up --detach --no-deps worker

for old in $former; do
    known=$(replicas)
    compose up --no-start --no-deps --no-recreate --scale "app=$((count + 1))" app
    new=$(replicas | grep -vxF "$known")
    # nginx is to find it when it answers, not while it starts.
    docker network disconnect "$network" "$new"
    docker start "$new" >/dev/null
    if ! is_ready "$new"; then
        docker logs --tail 20 "$new" >&2
        docker rm --force "$new" >/dev/null
        echo "the new version does not become ready; the former one serves on" >&2
        exit 1
    fi
    docker network connect --alias app "$network" "$new"
    sleep 2 # nginx asks for addresses every second
    # It finishes what it has begun; nginx asks the others.
    docker stop "$old" >/dev/null
    docker rm "$old" >/dev/null
done
compose up --detach --no-deps night stream # clients of the stream come back and miss nothing
# Only with its profile: to name a service is to start it.
if compose config --services | grep -qx delivery; then compose up --detach --no-deps delivery; fi
echo "replaced $count replicas"
