import { UsageError } from '../../core/index.ts';
import type { OnMiss, ReplayMode } from '../../replay/index.ts';
import type { CommandContext } from '../command.ts';
import { kebabCase } from '../flag.ts';
import type { ReplayValues } from './replay.ts';
import { traceFilterFlags } from './trace-filter.ts';

/** What to run on, and how, once the flags are known to agree. */
export interface ReplayPlan {
  readonly spec: string;
  readonly kind: 'graph' | 'target';
  readonly mode: ReplayMode;
  readonly models: 'recorded' | 'live';
  readonly tools: 'recorded' | 'live';
  readonly onMiss: OnMiss;
  readonly configurable: Readonly<Record<string, unknown>>;
  /** One run by its id, or all that match. */
  readonly traceId: string | undefined;
}

/** Flags that say how a graph in this process is run. */
const GRAPH_ONLY = [
  'baseline',
  'fromFailure',
  'checkpointer',
  'model',
  'tools',
  'onMiss',
  'allowHost',
  'allowTool',
  'configurable',
] as const;
/** Flags that are about one run. */
const ONE_RUN = ['saveExample', 'html'] as const;

/**
 * Checks that the flags agree.
 *
 * @throws UsageError `REPLAY_WHICH`, `REPLAY_WHERE`, `REPLAY_FLAGS` or `FLAG_INVALID`.
 */
export function planReplay(values: ReplayValues): ReplayPlan {
  checkChoice(values);
  const { graph, target, traceId } = values;
  const spec = target ?? graph;
  if (spec === undefined || (graph !== undefined && target !== undefined)) {
    throw new UsageError(
      'REPLAY_WHERE',
      spec === undefined
        ? 'sluice replay needs --graph or --target: what to run it on.'
        : '--graph and --target exclude each other.',
      { hint: 'For example: sluice replay <trace-id> --graph ./src/agent.ts#graph' },
    );
  }
  const kind = target === undefined ? 'graph' : 'target';
  if (kind === 'target') refuse(values, GRAPH_ONLY, 'works on a graph in this process only: use --graph');
  if (traceId === undefined) refuse(values, ONE_RUN, 'is for one run: give its id');
  if (values.fromFailure && values.checkpointer === undefined) {
    throw new UsageError(
      'REPLAY_FLAGS',
      '--from-failure needs --checkpointer: where the thread of the run is kept.',
      {
        hint: 'For example: --checkpointer postgres://localhost/agent, or sqlite:./threads.db',
      },
    );
  }
  if (!values.fromFailure && values.checkpointer !== undefined) {
    throw new UsageError('REPLAY_FLAGS', '--checkpointer is read by --from-failure only.', {
      hint: 'Add --from-failure, or leave --checkpointer out.',
    });
  }
  if (values.split.length > 0 && values.saveExample === undefined) {
    throw new UsageError('REPLAY_FLAGS', '--split is of the example that --save-example writes.', {
      hint: 'Add --save-example <dataset>, or leave --split out.',
    });
  }
  if (values.cassettes !== undefined && !values.saveCassette) {
    throw new UsageError('REPLAY_FLAGS', '--cassettes says where --save-cassette writes to.', {
      hint: 'Add --save-cassette, or leave --cassettes out.',
    });
  }
  return {
    spec,
    kind,
    mode: kind === 'target' ? 'input' : values.fromFailure ? 'fork' : 'recorded',
    models: values.model ?? 'recorded',
    tools: values.tools ?? 'recorded',
    onMiss: values.onMiss ?? 'fail',
    configurable: configurableOf(values.configurable),
    traceId,
  };
}

/**
 * Live tools do again what they did in production: somebody has to want that.
 *
 * @throws UsageError `REPLAY_CONFIRM` when nobody can be asked or the answer is no.
 */
export async function confirmLiveTools(
  { tools }: ReplayPlan,
  { yes }: Pick<ReplayValues, 'yes'>,
  { ask }: Pick<CommandContext, 'ask'>,
): Promise<void> {
  // Naming a tool with --allow-tool is consent to that tool.
  if (yes || tools !== 'live') return;
  if (ask === undefined) {
    throw new UsageError(
      'REPLAY_CONFIRM',
      '--tools live runs tools for real, and nobody is there to confirm it.',
      {
        hint: 'Add --yes, or name single tools with --allow-tool.',
      },
    );
  }
  const answer = await ask(
    'The tools of the graph will run for real, with all that they change. Go on? [y/N] ',
  );
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new UsageError('REPLAY_CONFIRM', 'Not confirmed: nothing was run.', {
    hint: 'Leave --tools live out to replay with the recorded results.',
  });
}

function checkChoice(values: ReplayValues): void {
  const filters = Object.keys(traceFilterFlags).filter(
    (name) => values[name as keyof typeof traceFilterFlags] !== undefined,
  );
  const chosen = filters.map((name) => `--${kebabCase(name)}`).join(', ');
  if (values.traceId === undefined && filters.length === 0) {
    throw new UsageError('REPLAY_WHICH', 'Which run? sluice replay needs a trace id, or a choice of runs.', {
      hint: 'See what is there: sluice traces list --status error. Or replay all of them: --status error --since 24h',
    });
  }
  if (values.traceId !== undefined && filters.length > 0) {
    throw new UsageError('REPLAY_WHICH', `A trace id and ${chosen} contradict each other.`, {
      hint: 'Leave one of them out.',
    });
  }
}

function refuse(values: ReplayValues, names: readonly (keyof ReplayValues)[], why: string): void {
  const given = names.find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (given === undefined) return;
  throw new UsageError('REPLAY_FLAGS', `--${kebabCase(given)} ${why}.`, {
    hint: 'Run sluice replay --help to see what goes together.',
  });
}

/** `key=value` pairs; a value that is a JSON number, true or false is one, anything else is text. */
function configurableOf(pairs: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [, key, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined || text === undefined) {
      throw new UsageError('FLAG_INVALID', `--configurable takes key=value, not ${JSON.stringify(pair)}.`);
    }
    values[key] = /^(-?(0|[1-9]\d*)(\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text;
  }
  return values;
}
