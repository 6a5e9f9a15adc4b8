#!/bin/sh
# A script with a child of its own. Stopping the service ends both, also when the script dies first.
echo "batch $$ begins"
( while :; do echo "  its child is at work"; sleep 5; done ) &
while :; do
  sleep 10
  echo "batch $$ is still there"
done
