#!/usr/bin/env bash
# Finds the sluice of the project in the working directory, so that evaluators and command are of one version. A project
# without one, such as an agent in another language, gets the one of this action, built from its sources.
set -euo pipefail

# As the project itself would resolve it: also from a workspace's root, and from the repository of sluicegate.
find_own() {
  node -e '
    const { createRequire } = require("node:module");
    const { dirname, join } = require("node:path");
    try {
      const manifest = createRequire(join(process.cwd(), "index.js")).resolve("sluicegate/package.json");
      process.stdout.write(join(dirname(manifest), "bin", "sluice.js"));
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  '
}

declares_own() {
  [ -f package.json ] && node -e '
    const { readFileSync } = require("node:fs");
    const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    process.exit("sluicegate" in { ...dependencies, ...devDependencies } ? 0 : 1);
  '
}

cli="$(find_own)"
if [ -z "$cli" ]; then
  if declares_own; then
    echo '::error::package.json asks for sluicegate, but it is not installed: run `npm ci` in a step before this one.'
    exit 2
  fi
  echo "The project has no sluicegate: the one of the action is built."
  (
    cd "$GITHUB_ACTION_PATH"
    npm ci --ignore-scripts --no-audit --no-fund
    node node_modules/typescript/bin/tsc -p tsconfig.build.json
  )
  cli="$GITHUB_ACTION_PATH/bin/sluice.js"
fi
echo "sluice $(node "$cli" --version) of $cli"
echo "cli=$cli" >> "$GITHUB_OUTPUT"
