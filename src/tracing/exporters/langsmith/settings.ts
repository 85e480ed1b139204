import { z } from 'zod';
import { UsageError } from '../../../core/index.ts';

// Header values: fetch would refuse anything else with an error that repeats the value.
const headerText = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

const endpoint = z.string().transform((text, context) => {
  const trimmed = text.replace(/\/+$/, '');
  if (!URL.canParse(trimmed) || !/^https?:$/.test(new URL(trimmed).protocol)) {
    context.addIssue({ code: 'custom', message: 'must be an http or https URL' });
    return z.NEVER;
  }
  const { username, password, search, hash } = new URL(trimmed);
  if (username !== '' || password !== '') {
    context.addIssue({ code: 'custom', message: 'must not contain credentials' });
    return z.NEVER;
  }
  if (search !== '' || hash !== '') {
    context.addIssue({ code: 'custom', message: 'must have neither a query nor a fragment' });
    return z.NEVER;
  }
  return trimmed;
});

/** The `langsmith` option of `traceGraph`: an object switches the export on, `false` switches it off. */
export const langSmithOptionsSchema = z.union(
  [
    z.literal(false),
    z.strictObject({
      apiKey: headerText.describe('API key. Environment: LANGSMITH_API_KEY, LANGCHAIN_API_KEY.').optional(),
      endpoint: endpoint
        .describe(
          'Base URL of the API. Environment: LANGSMITH_ENDPOINT, LANGCHAIN_ENDPOINT. Default https://api.smith.langchain.com.',
        )
        .optional(),
      project: z
        .string()
        .min(1)
        .describe(
          'Project that runs go to. Environment: LANGSMITH_PROJECT, LANGCHAIN_PROJECT, LANGCHAIN_SESSION. Default "default".',
        )
        .optional(),
      workspaceId: headerText
        .describe(
          'Workspace, for keys that reach several. Environment: LANGSMITH_WORKSPACE_ID, LANGCHAIN_WORKSPACE_ID.',
        )
        .optional(),
    }),
  ],
  {
    // An object is told what is wrong with its fields.
    error: ({ input }) =>
      typeof input === 'object' && input !== null
        ? undefined
        : 'must be false or an object such as {apiKey, endpoint, project, workspaceId}',
  },
);
/** The `langsmith` option of `traceGraph`. */
export type LangSmithOptions = z.input<typeof langSmithOptionsSchema>;

/** Where and as whom runs are sent. */
export interface LangSmithSettings {
  /** Never printed, logged or recorded. */
  readonly apiKey: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly project: string;
  readonly workspaceId?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'https://api.smith.langchain.com';
const DEFAULT_PROJECT = 'default';

/** Switches of LangSmith's own tracer; any one that is true turns it on. */
const SWITCHES = [
  'LANGSMITH_TRACING_V2',
  'LANGCHAIN_TRACING_V2',
  'LANGSMITH_TRACING',
  'LANGCHAIN_TRACING',
] as const;

/** Destinations that LangSmith's own tracer knows and this exporter does not. */
const OTHER_DESTINATIONS = [
  'LANGSMITH_RUNS_ENDPOINTS',
  'LANGSMITH_AGENT_ID',
  'LANGSMITH_AGENT_ENVIRONMENT',
] as const;

/**
 * Whether runs are exported to LangSmith, and with what: on with an options object, or with one of the variables that
 * switch LangSmith's own tracer on (`LANGSMITH_TRACING`, `LANGSMITH_TRACING_V2`, or `LANGCHAIN_` likewise) and an API key.
 * Each field comes from the options, else from `LANGSMITH_*`, else from `LANGCHAIN_*`, else from its default.
 *
 * @returns Undefined when the export is off.
 * @throws UsageError `LANGSMITH_SETTINGS_INVALID` naming the option or the variable, never its value where that is a secret.
 */
export function langSmithSettings(env: Env, options?: LangSmithOptions): LangSmithSettings | undefined {
  const parsed = langSmithOptionsSchema.optional().safeParse(options);
  if (!parsed.success) throw invalidOption(options, parsed.error);
  const given = parsed.data;
  if (given === false) return undefined;
  const wanted = given !== undefined || langSmithTracerIsOn(env);
  if (!wanted) return undefined;
  const apiKey = given?.apiKey ?? readField(env, ['LANGSMITH_API_KEY', 'LANGCHAIN_API_KEY'], headerText);
  if (apiKey === undefined) {
    if (given === undefined) return undefined;
    throw new UsageError('LANGSMITH_SETTINGS_INVALID', 'langsmith.apiKey is missing.', {
      hint: 'Set LANGSMITH_API_KEY, or pass langsmith: { apiKey }.',
    });
  }
  for (const name of OTHER_DESTINATIONS) {
    if (!env[name]?.trim()) continue;
    throw new UsageError('LANGSMITH_SETTINGS_INVALID', `${name} is not supported: runs go to one project.`, {
      hint: 'Unset it and set LANGSMITH_PROJECT, or pass langsmith: false to leave the export to LangSmith’s own tracer.',
    });
  }
  const workspaceId =
    given?.workspaceId ?? readField(env, ['LANGSMITH_WORKSPACE_ID', 'LANGCHAIN_WORKSPACE_ID'], headerText);
  return {
    apiKey,
    endpoint:
      given?.endpoint ??
      readField(env, ['LANGSMITH_ENDPOINT', 'LANGCHAIN_ENDPOINT'], endpoint) ??
      DEFAULT_ENDPOINT,
    project:
      given?.project ??
      readField(env, ['LANGSMITH_PROJECT', 'LANGCHAIN_PROJECT', 'LANGCHAIN_SESSION'], z.string()) ??
      DEFAULT_PROJECT,
    ...(workspaceId === undefined ? {} : { workspaceId }),
  };
}

/**
 * Whether the environment switches LangSmith's own tracer on.
 *
 * @throws UsageError `LANGSMITH_SETTINGS_INVALID` for a switch that is neither true nor false.
 */
export function langSmithTracerIsOn(env: Env): boolean {
  return SWITCHES.map((name) => readSwitch(env, name)).includes(true);
}

/** The same as @langchain/core asks at every call, for which only the word `true` counts. */
export function tracerIsOnNow(env: Env): boolean {
  return SWITCHES.some((name) => env[name] === 'true');
}

function invalidOption(options: unknown, error: z.ZodError): UsageError {
  // A union reports one issue per member; the object's are the ones a reader can act on.
  const object = langSmithOptionsSchema.options[1].safeParse(options);
  const issue = (object.error ?? error).issues[0];
  const name = ['langsmith', ...(issue?.path ?? [])].join('.');
  return new UsageError('LANGSMITH_SETTINGS_INVALID', `${name}: ${issue?.message ?? 'not valid'}.`);
}

function readSwitch(env: Env, name: string): boolean {
  const value = env[name]?.trim().toLowerCase();
  if (!value || value === 'false' || value === '0') return false;
  if (value === 'true' || value === '1') return true;
  throw new UsageError(
    'LANGSMITH_SETTINGS_INVALID',
    `${name} must be true or false, not ${JSON.stringify(env[name])}.`,
  );
}

function readField(env: Env, names: readonly string[], schema: z.ZodType<string>): string | undefined {
  for (const name of names) {
    // Values pasted into an env file often keep their quotes; LangSmith's client takes them off too.
    const value = env[name]?.trim().replace(/^(["'])(.*)\1$/, '$2');
    if (!value) continue;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new UsageError(
      'LANGSMITH_SETTINGS_INVALID',
      `${name} ${parsed.error.issues[0]?.message ?? 'is not valid'}.`,
    );
  }
  return undefined;
}
