#!/usr/bin/env bash
# Says whether the Node.js of the job is new enough for sluice.
set -euo pipefail

suffices=false
if command -v node > /dev/null; then
  version="$(node --version)"
  IFS=. read -r major minor _ <<< "${version#v}"
  if [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 15 ]; }; then
    suffices=true
  else
    echo "Node.js $version is older than 22.15: Node.js 24 is set up."
  fi
fi
echo "suffices=$suffices" >> "$GITHUB_OUTPUT"
