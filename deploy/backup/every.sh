#!/bin/sh
# every.sh JOB MINUTES COMMAND...: run COMMAND when its last success is MINUTES old, also across restarts. The times of
# JOB.ok and JOB.failed in STAMPS_DIR are metrics, and alerts.
stamps=${STAMPS_DIR:-/stamps}
job=$1 minutes=$2
shift 2
while :; do
    if [ -z "$(find "$stamps/$job.ok" -mmin "-$minutes" 2>/dev/null)" ]; then
        if "$@"; then touch "$stamps/$job.ok"; else touch "$stamps/$job.failed" && sleep 540; fi
    fi
    sleep 60
done
