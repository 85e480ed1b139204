// Deploys the example agent in a process of its own, gates it against the accepted baseline, and stops it again.
// `npm run demo -- --regressed` deploys a worse build of it. The exit code is the verdict.
// `npm run demo -- --flaky` shows noise, extra rounds and both kinds of failure. The exit code is 0 when each verdict is as
// promised.
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DemoHome,
  demoHome,
  deploy,
  GRAPH,
  newestResults,
  REGRESSED_GRAPH,
  runSluice,
} from './demo-agent.ts';
import { flakyDemo } from './flaky-demo.ts';

type Choice = 'plain' | 'regressed' | 'flaky';

/** One of these flags or none; anything else is a mistake, said in one line. */
function chosen(): Choice {
  const options = {
    regressed: { type: 'boolean', default: false },
    flaky: { type: 'boolean', default: false },
  } as const;
  try {
    const { regressed, flaky } = parseArgs({ options }).values;
    if (regressed && flaky) throw new Error('--regressed and --flaky cannot be given together.');
    return regressed ? 'regressed' : flaky ? 'flaky' : 'plain';
  } catch (thrown) {
    console.error(
      `demo: ${thrown instanceof Error ? thrown.message : String(thrown)} It takes --regressed, --flaky or nothing.`,
    );
    process.exit(2);
  }
}

/** Gates a build against the accepted baseline; resolves with the exit code of the gate. */
async function gateDemo(regressed: boolean, home: DemoHome): Promise<number> {
  await using agent = await deploy(regressed ? REGRESSED_GRAPH : GRAPH, home);
  console.log(`Deployed ${regressed ? 'a worse build of the' : 'the'} support agent at ${agent.url}\n`);
  return await runSluice(
    ['eval', 'support-agent', '--target', `langserve:${agent.url}`, '--concurrency', '8', '--fresh'],
    home,
  );
}

const choice = chosen();
const home = demoHome(process.env);
process.exitCode =
  choice === 'flaky'
    ? await flakyDemo(home, (line) => console.log(line))
    : await gateDemo(choice === 'regressed', home);
console.log(
  `\nTraces in ${relative(process.cwd(), join(home.path, 'traces.db'))}, the log of the agent in ${relative(process.cwd(), home.serverLog)}`,
);
if (choice === 'regressed' && process.exitCode === 1) {
  const failed = newestResults(home).results.calls.find(
    (call) => call.status === 'agent_failed' && call.runId !== undefined,
  )?.runId;
  if (failed !== undefined)
    console.log(`
From the failing example to the failing node, and to the proof that the mend works:
  npx sluice traces list --status error --limit 5
  npx sluice traces show ${failed}
  npx sluice replay ${failed} --graph ${GRAPH} --allow-tool look_up_order --on-miss live`);
}
