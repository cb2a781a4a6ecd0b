#!/bin/sh
# Process 1 of the container image: passes signals on to Carillon, ends with its exit code, and reaps processes that
# jobs leave behind, which Node.js doesn't do.
node dist/bundle/actors/main.js "$@" &
carillon=$!
trap 'kill -TERM "$carillon"' TERM
trap 'kill -INT "$carillon"' INT
trap 'kill -HUP "$carillon"' HUP
wait "$carillon"
status=$?
# A signal ends a wait early.
while kill -0 "$carillon" 2>/dev/null; do
  wait "$carillon"
  status=$?
done
exit "$status"
