#!/usr/bin/env bash
# Puts the summary of the run on the pull request. The verdict stands, whatever GitHub answers.
set -euo pipefail

if [ -n "$INPUT_BASELINE" ]; then export SLUICE_BASELINE="$INPUT_BASELINE"; fi
# The report itself is in the log already.
if ! node "$SLUICE_CLI" report "$INPUT_RUN_ID" --comment > /dev/null; then
  echo '::warning::No comment was made on the pull request. It needs `permissions: pull-requests: write`, which a fork never gets.'
fi
