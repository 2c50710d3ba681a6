#!/bin/sh
# Become Redis with the password of a file: `docker inspect` and `ps` would show an argument.
set -eu
umask 077
printf 'include %s/redis.conf\nrequirepass %s\n' "$(dirname "$0")" "$(cat "$REDIS_PASSWORD_FILE")" >/tmp/redis.conf
exec redis-server /tmp/redis.conf
