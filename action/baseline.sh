#!/usr/bin/env bash
# Downloads the artifact that the newest successful run of this workflow on the baseline branch left.
set -euo pipefail

if [ -n "$INPUT_BASELINE" ]; then
  echo '::error::Give `baseline` or `baseline-artifact`, not both.'
  exit 2
fi
if ! command -v gh > /dev/null; then
  echo '::error::`baseline-artifact` needs the GitHub CLI, gh, which runners of GitHub have and this one has not.'
  exit 2
fi

# owner/name/.github/workflows/<file>@<ref>
workflow="${GITHUB_WORKFLOW_REF%%@*}"
workflow="${workflow##*/}"
# Pushes only: a pull request of a fork may come from a branch of the same name.
run="$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "$workflow" --branch "$INPUT_BASELINE_BRANCH" \
  --event push --status success --limit 1 --json databaseId --jq '.[0].databaseId // empty')"
if [ -z "$run" ]; then
  echo "::error::There is no successful run of $workflow on $INPUT_BASELINE_BRANCH to compare with. Let it run there with \`gate: false\`."
  exit 3
fi
folder="$RUNNER_TEMP/sluice-baseline"
rm -rf "$folder"
if ! gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$INPUT_BASELINE_ARTIFACT" --dir "$folder"; then
  echo "::error::Run $run of $workflow on $INPUT_BASELINE_BRANCH has no artifact $INPUT_BASELINE_ARTIFACT any more. Run it again, or keep artifacts longer (retention-days)."
  exit 3
fi
echo "The baseline is run $run of $INPUT_BASELINE_BRANCH."
echo "path=$folder" >> "$GITHUB_OUTPUT"
