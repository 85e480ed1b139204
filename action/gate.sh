#!/usr/bin/env bash
# Runs `sluice eval` with the inputs of the action and passes on what it found; ends with its exit code.
set -euo pipefail

arguments=()
add() {
  # One word: a value that begins with a hyphen is a value all the same.
  if [ -n "$2" ]; then arguments+=("$1=$2"); fi
}
is_true() {
  case "$2" in
    true) return 0 ;;
    false) return 1 ;;
  esac
  echo "::error::$1 must be true or false." >&2
  exit 2
}

add --config "$INPUT_CONFIG"
add --target "$INPUT_TARGET"
add --baseline "$INPUT_BASELINE"
add --repeats "$INPUT_REPEATS"
add --split "$INPUT_SPLIT"
# Split at spaces, and not filled in with the names of files.
set -f
for limit in $INPUT_BUDGET; do
  case "$limit" in
    *usd) add --budget-usd "${limit%usd}" ;;
    *tokens) add --budget-tokens "${limit%tokens}" ;;
    *) add --budget-time "$limit" ;;
  esac
done
set +f
while IFS= read -r argument; do
  argument="${argument%$'\r'}"
  if [ -n "$argument" ]; then arguments+=("$argument"); fi
done <<< "$INPUT_ARGS"
gated=true
if ! is_true gate "$INPUT_GATE"; then
  gated=false
  arguments+=(--no-gate)
fi
# Only looked at: the comment is made in a step of its own.
is_true comment "$INPUT_COMMENT" || true
# After `--`, so that no suite is taken for a flag.
if [ -n "$INPUT_SUITE" ]; then arguments+=(-- "$INPUT_SUITE"); fi

results="$(mktemp "${RUNNER_TEMP:-/tmp}/sluice-results.XXXXXX")"
code=0
node "$SLUICE_CLI" eval --json ${arguments[@]+"${arguments[@]}"} > "$results" || code=$?

gated="$gated" code="$code" results="$results" node -e '
  const { appendFileSync, existsSync, readFileSync } = require("node:fs");
  const { join, resolve } = require("node:path");
  const { gated, code, results, GITHUB_OUTPUT, SLUICE_HOME } = process.env;
  const text = readFileSync(results, "utf8");
  const { head, verdict } = text === "" ? {} : JSON.parse(text);
  const home = resolve(SLUICE_HOME || ".sluice");
  const folder = head === undefined ? "" : join(home, "runs", head.runId);
  const status = { 0: gated === "true" ? "pass" : "measured", 1: "fail", 3: "no_verdict" }[code] ?? "error";
  const outputs = {
    verdict: verdict?.status ?? status,
    label: verdict?.label ?? "",
    "exit-code": code,
    "run-id": head?.runId ?? "",
    folder,
    report: folder && join(folder, "report.html"),
    results: folder && join(folder, "results.json"),
  };
  for (const [name, value] of Object.entries(outputs)) {
    if (/[\r\n]/.test(value)) throw new Error(`The output ${name} has several lines.`);
    appendFileSync(GITHUB_OUTPUT, `${name}=${value}\n`);
  }
'
rm -f "$results"
exit "$code"
