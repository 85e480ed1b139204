import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { z } from 'zod';
import type { Command } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/index.ts';
import { type Flag, kebabCase } from '../src/cli/flag.ts';
import { EXIT, OUTCOMES, type Outcome } from '../src/core/index.ts';
import { gateConfigSchema, keyPolicySchema, suiteSchema } from '../src/evals/config/schema.ts';
import { BUILT_IN_NAMES, builtIn } from '../src/evals/evaluators/built-ins.ts';
import { serveOptionsSchema } from '../src/serve/options.ts';
import { COUNTERS } from '../src/tracing/counters.ts';
import { langSmithOptionsSchema } from '../src/tracing/exporters/langsmith/index.ts';
import { otelAttributes, otelInstruments } from '../src/tracing/metrics/otel-instruments.ts';
import { traceOptionsSchema } from '../src/tracing/options/options-schema.ts';
import { spanPlaceSchema } from '../src/tracing/redaction/hiding.ts';
import { keepRuleSchema } from '../src/tracing/sampling/index.ts';
import { type DocTables, markdownTable } from './doc-pages.ts';
import { describedFunction, sourceCodes } from './doc-sources.ts';
import { otelVariables } from './otel-variables.ts';

/** Every table of the documentation, made of the commands, schemas and sources below `root`. */
export function docTables(root: string): DocTables {
  return new Map([
    ['commands', commands.map(commandSection).join('\n\n')],
    ['exit-codes', exitCodes()],
    ['trace-options', optionsTable(traceOptionsSchema)],
    ['sampling-options', optionsTable(traceOptionsSchema.pick(SAMPLING))],
    ['keep-rules', keepRules()],
    ['privacy-options', optionsTable(traceOptionsSchema.pick(PRIVACY))],
    ['hide-places', optionsTable(spanPlaceSchema)],
    ['delivery-options', optionsTable(traceOptionsSchema.pick(DELIVERY))],
    ['langsmith-options', optionsTable(langSmithOptionsSchema.options[1])],
    ['otel-metrics', otelMetrics()],
    ['otel-variables', markdownTable(['variable', 'meaning'], otelVariables(root))],
    ['serve-options', optionsTable(serveOptionsSchema)],
    ['suite-config', optionsTable(suiteSchema)],
    ['gate-config', optionsTable(gateConfigSchema)],
    ['key-policy', optionsTable(keyPolicySchema)],
    ['outcomes', outcomes()],
    ['built-in-evaluators', builtInEvaluators(root)],
    [
      'counters',
      markdownTable(
        ['counter', 'counts'],
        Object.entries(COUNTERS).map(([n, d]) => [code(n), d]),
      ),
    ],
    ['error-codes', errorCodes(root)],
    ['reason-codes', reasonCodes(root)],
  ]);
}

/** The options of each topic, by which the pages about it pick their tables. */
const SAMPLING = { sampleRate: true, keep: true, maxDroppedTraces: true, maxDroppedBytes: true } as const;
const PRIVACY = {
  hideInputs: true,
  hideOutputs: true,
  hideMetadata: true,
  keepErrorMessages: true,
  redact: true,
} as const;
const DELIVERY = {
  home: true,
  langsmith: true,
  project: true,
  retentionDays: true,
  baselineProjects: true,
  baselineRetentionDays: true,
  handleSignals: true,
  maxBufferBytes: true,
  maxTraceAgeMs: true,
  maxQueuedTraces: true,
  maxSpoolBytes: true,
} as const;

/** Every metric that OpenTelemetry gets. */
function otelMetrics(): string {
  const rows = otelInstruments(Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]).map(
    ({ definition, name, unit }) => {
      const attributes = Object.keys(otelAttributes(definition, definition.labels));
      return [
        code(name),
        definition.type,
        code(unit),
        attributes.map(code).join(', '),
        definition.description,
      ];
    },
  );
  return markdownTable(['metric', 'type', 'unit', 'attributes', 'measures'], rows);
}

/** The fields of every kind of rule. */
function keepRules(): string {
  const rows = keepRuleSchema.options.flatMap((rule) => {
    const { properties } = jsonSchema.parse(z.toJSONSchema(rule, { io: 'input', unrepresentable: 'any' }));
    const { type, ...fields } = properties;
    return Object.entries(fields).map(([name, { description, default: fallback }]) => {
      if (typeof description !== 'string') throw new Error(`The field ${name} of a rule has no description.`);
      const otherwise = fallback === undefined ? '' : ` Default ${code(String(fallback))}.`;
      return [code(String(type?.['const'])), code(name), `${description}${otherwise}`];
    });
  });
  return markdownTable(['type', 'field', 'meaning'], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

function commandSection(command: Command): string {
  const { path, describe, positionals, flags, examples } = command;
  const words = Object.entries(positionals).map(([name, flag]) => positionalWord(name, flag));
  const options = [
    ...Object.entries(positionals).map(([name, flag]) => [
      code(positionalWord(name, flag)),
      flag.describe,
      '',
    ]),
    ...Object.entries(flags).map(([name, flag]) => [
      code([`--${kebabCase(name)}`, flag.placeholder].filter((part) => part !== undefined).join(' ')),
      flag.kind === 'list' ? `${flag.describe} May be given several times.` : flag.describe,
      flag.defaultText ?? '',
    ]),
  ];
  return [
    `### sluice ${path.join(' ')}`,
    '',
    describe,
    '',
    '```',
    `${['sluice', ...path, ...words].join(' ')} [options]`,
    '```',
    '',
    markdownTable(['argument', 'meaning', 'default'], options),
    '',
    '```sh',
    ...examples.flatMap(([line, does]) => [`# ${does}`, line.replace(/^\$0\b|^sluice\b/, 'npx sluice')]),
    '```',
  ].join('\n');
}

function positionalWord(name: string, flag: Flag<unknown>): string {
  const isOptional = flag.schema.safeParse(undefined).success;
  const word = flag.kind === 'list' ? `${kebabCase(name)}...` : kebabCase(name);
  return isOptional ? `[${word}]` : `<${word}>`;
}

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  pass: 'Done; the gate passed.',
  gateFailed: 'The gate failed, or a replay still fails.',
  usage: 'Wrong usage or configuration: a flag, a file or a setting has to change.',
  noVerdict: 'No verdict or result could be reached: something needed was missing or did not answer.',
  interrupted: 'Interrupted.',
};

function exitCodes(): string {
  const meanings = Object.entries(EXIT_MEANINGS) as [keyof typeof EXIT, string][];
  return markdownTable(
    ['exit code', 'meaning'],
    meanings.map(([name, meaning]) => [String(EXIT[name]), meaning]),
  );
}

const OUTCOME_MEANINGS: Readonly<Record<Outcome, string>> = {
  success: 'Nothing failed.',
  error: 'The run ended with an error. The only outcome that is a failure.',
  handled_error:
    "Something inside failed and the run recovered: a retry, or a tool's throw turned into a message.",
  interrupted: 'The run waits for an answer (`interrupt()`, `interruptBefore`, `interruptAfter`).',
  cancelled: 'The caller aborted, left the stream, or the process ended first.',
  drained: 'The graph was asked to stop at the border of a step.',
};

function outcomes(): string {
  return markdownTable(
    ['outcome', 'meaning'],
    OUTCOMES.map((outcome) => [code(outcome), OUTCOME_MEANINGS[outcome]]),
  );
}

const jsonSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()).default([]),
});

/** A table of the keys of a strict object, from its schema: the same one that checks what is given. */
function optionsTable(schema: z.ZodObject): string {
  const { properties, required } = jsonSchema.parse(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  );
  const rows = Object.entries(properties).map(([name, property]) => {
    const { description } = property;
    if (typeof description !== 'string') throw new Error(`The option ${name} has no description.`);
    const meaning = description.replace(/\b[A-Z]+(?:_[A-Z]+)+\b/g, code);
    return [code(name), typeText(property), required.includes(name) ? `Required. ${meaning}` : meaning];
  });
  return markdownTable(['name', 'type', 'meaning'], rows);
}

function typeText(property: Readonly<Record<string, unknown>>): string {
  const { type, enum: choices, additionalProperties } = property;
  if (Array.isArray(choices)) return choices.map((choice) => code(JSON.stringify(choice))).join(' or ');
  if (type === 'array') return 'list';
  if (type === 'integer') return 'whole number';
  if (type === 'object') return typeof additionalProperties === 'object' ? 'object, by score key' : 'object';
  return typeof type === 'string' ? type : 'any';
}

function builtInEvaluators(root: string): string {
  const rows = BUILT_IN_NAMES.map((name) => {
    const evaluator = builtIn(name);
    if (evaluator === undefined) throw new Error(`There is no evaluator ${name}.`);
    const file = `src/evals/evaluators/${name.replaceAll('_', '-')}.ts`;
    const factory = describedFunction(file, readFileSync(join(root, file), 'utf8'));
    const gated = evaluator.gate ? 'yes' : 'advisory';
    // Its key is its name, which has a column of its own.
    const about = factory.text.replace(/ Key `\w+`\./, '');
    return [code(name), code(`${factory.name}()`), evaluator.direction, gated, about];
  });
  return markdownTable(['name', 'function', 'better', 'gated', 'scores'], rows);
}

const EXIT_OF = { UsageError: EXIT.usage, NoVerdictError: EXIT.noVerdict, object: EXIT.noVerdict } as const;

/** Where codes stand in objects of which a NoVerdictError is made. */
const ERROR_OBJECTS = 'src/replay/recorded-input.ts';
/** Where codes in objects are the reasons of the gate. */
const REASONS = 'src/evals/gate/gate-reasons.ts';

function errorCodes(root: string): string {
  const files = globSync('src/**/*.ts', { cwd: root, exclude: (path) => path.endsWith('.test.ts') })
    .map((file) => file.replaceAll(sep, '/'))
    .sort();
  const errors = new Map<string, { readonly exits: Set<number>; readonly messages: Set<string> }>();
  for (const file of files) {
    for (const found of sourceCodes(file, readFileSync(join(root, file), 'utf8'))) {
      if (found.givenTo === 'object' && file !== ERROR_OBJECTS) continue;
      const error = errors.get(found.code) ?? { exits: new Set(), messages: new Set() };
      error.exits.add(EXIT_OF[found.givenTo]);
      for (const message of found.messages) error.messages.add(message);
      errors.set(found.code, error);
    }
  }
  const rows = [...errors].sort(byCode).map(([name, { exits, messages }]) => {
    return [code(name), [...exits].join(' or '), shownMessages(messages)];
  });
  return markdownTable(['code', 'exit code', 'says'], rows);
}

function reasonCodes(root: string): string {
  const reasons = new Map<string, Set<string>>();
  for (const found of sourceCodes(REASONS, readFileSync(join(root, REASONS), 'utf8'))) {
    const messages = reasons.get(found.code) ?? new Set();
    for (const message of found.messages) messages.add(message);
    reasons.set(found.code, messages);
  }
  const rows = [...reasons].sort(byCode).map(([name, messages]) => [code(name), shownMessages(messages)]);
  return markdownTable(['code', 'says'], rows);
}

function byCode(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** Messages as Markdown that shows them as they are. One of nothing but filled-in parts tells nobody anything. */
function shownMessages(messages: ReadonlySet<string>): string {
  const telling = [...messages].filter((message) => /[a-z]{3}/.test(message));
  if (telling.length === 0) return 'Names the file or field, and what is wrong there.';
  return telling.map((message) => message.replace(/([<>*_`[\]])/g, '\\$1')).join('<br>');
}
