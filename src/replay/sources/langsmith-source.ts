import { isRecord, isUuid, NoVerdictError, UsageError } from '../../core/index.ts';
import { langSmithSettings } from '../../tracing/exporters/index.ts';
import { jsonClient } from './http-json.ts';
import { type RunRecord, traceOfRuns } from './langsmith-trace.ts';
import type { SourceDeps, TraceSource } from './trace-source.ts';

/** The fields that a trace is made of, by the names of the newer API; it answers with ids alone otherwise. */
const SELECTS = [
  'ID',
  'NAME',
  'RUN_TYPE',
  'STATUS',
  'START_TIME',
  'END_TIME',
  'ERROR',
  'EXTRA',
  'METADATA',
  'EVENTS',
  'INPUTS',
  'OUTPUTS',
  'PARENT_RUN_IDS',
  'TRACE_ID',
  'THREAD_ID',
  'DOTTED_ORDER',
  'TAGS',
  'PROMPT_TOKENS',
  'COMPLETION_TOKENS',
  'TOTAL_TOKENS',
] as const;

/** The same by the names of the older API. */
const SELECT = [
  'id',
  'name',
  'run_type',
  'status',
  'start_time',
  'end_time',
  'error',
  'extra',
  'events',
  'inputs',
  'outputs',
  'parent_run_id',
  'trace_id',
  'dotted_order',
  'tags',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
];

const PAGE_SIZE = 100;
/** A trace with more pages than this is none. */
const MAX_PAGES = 1_000;
/** The newer API looks for the runs of a trace around a moment; a run may have waited for a person meanwhile. */
const WINDOW_MS = 30 * 86_400_000;

/**
 * LangSmith, by the id of a run or of a trace. Asks the API of servers from 0.16 on first (`/api/v2`, which needs the
 * project) and then the older one (`/runs`), so that both generations work. Key, endpoint, workspace and project come from the
 * environment, as for the export.
 *
 * @param project Name or id of the project. Default: that of the environment.
 * @throws UsageError `LANGSMITH_SETTINGS_INVALID` without a key.
 */
export function langSmithSource(project: string | undefined, deps: SourceDeps): TraceSource {
  const settings = langSmithSettings(deps.env, project === undefined || project === '' ? {} : { project });
  if (settings === undefined) throw new TypeError('LangSmith is on by its options.');
  const send = jsonClient('LangSmith', deps);
  const headers = {
    'x-api-key': settings.apiKey,
    ...(settings.workspaceId === undefined ? {} : { 'x-tenant-id': settings.workspaceId }),
  };
  const at = (path: string) => new URL(`${settings.endpoint}${path}`);

  async function request(url: URL, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const answer = await send({ url, headers, signal, ...(body === undefined ? {} : { body }) });
    return answer.kind === 'missing' ? undefined : answer.value;
  }

  async function projectId(signal: AbortSignal): Promise<string | undefined> {
    if (isUuid(settings?.project ?? '')) return settings?.project;
    const url = at('/sessions');
    url.searchParams.set('name', settings?.project ?? '');
    const answer = await request(url, signal);
    const [first] = Array.isArray(answer) ? answer : [answer];
    return isRecord(first) && typeof first['id'] === 'string' ? first['id'] : undefined;
  }

  async function newerRuns(id: string, signal: AbortSignal): Promise<RunRecord[] | undefined> {
    const project_id = await projectId(signal);
    if (project_id === undefined) return undefined;
    const single = at(`/api/v2/runs/${id}`);
    single.searchParams.set('project_id', project_id);
    for (const field of ['ID', 'TRACE_ID', 'START_TIME']) single.searchParams.append('selects', field);
    const run = await request(single, signal);
    if (!isRecord(run)) return undefined;
    const traceId = typeof run['trace_id'] === 'string' ? run['trace_id'] : id;
    const url = at(`/api/v2/traces/${traceId}/runs`);
    url.searchParams.set('project_id', project_id);
    for (const field of SELECTS) url.searchParams.append('selects', field);
    const startMs = Date.parse(String(run['start_time']));
    if (!Number.isNaN(startMs)) {
      url.searchParams.set('min_start_time', new Date(startMs - WINDOW_MS).toISOString());
      url.searchParams.set('max_start_time', new Date(startMs + WINDOW_MS).toISOString());
    }
    return await pages(async (cursor) => {
      if (cursor !== undefined) url.searchParams.set('cursor', cursor);
      const answer = await request(url, signal);
      if (!isRecord(answer)) return { runs: [] };
      return { runs: answer['items'], next: answer['next_cursor'] };
    });
  }

  async function olderRuns(id: string, signal: AbortSignal): Promise<RunRecord[] | undefined> {
    const run = await request(at(`/runs/${id}`), signal);
    if (!isRecord(run)) return undefined;
    const session = run['session_id'];
    const query = {
      trace: typeof run['trace_id'] === 'string' ? run['trace_id'] : id,
      ...(typeof session === 'string' ? { session: [session] } : {}),
      select: SELECT,
      limit: PAGE_SIZE,
    };
    return await pages(async (cursor) => {
      const answer = await request(
        at('/runs/query'),
        signal,
        cursor === undefined ? query : { ...query, cursor },
      );
      if (!isRecord(answer)) return { runs: [] };
      const cursors = isRecord(answer['cursors']) ? answer['cursors'] : {};
      return { runs: answer['runs'], next: cursors['next'] };
    });
  }

  return {
    spec: `langsmith:${settings.project}`,
    async find(id, { signal }) {
      if (!isUuid(id)) {
        throw new UsageError(
          'TRACE_ID_INVALID',
          `${JSON.stringify(id)} is not the id of a run in LangSmith.`,
          {
            hint: 'It is a UUID: copy the whole run id or trace id.',
          },
        );
      }
      const newer = await newerRuns(id, signal);
      const runs = newer !== undefined && newer.length > 0 ? newer : await olderRuns(id, signal);
      if (runs === undefined || runs.length === 0) {
        throw new NoVerdictError(
          'TRACE_NOT_FOUND',
          `No run ${id} in project ${JSON.stringify(settings.project)} of LangSmith at ${settings.endpoint}.`,
          {
            hint: 'Name the project: --from langsmith:<project>. A run can also have been sampled out, or be of another workspace (LANGSMITH_WORKSPACE_ID).',
          },
        );
      }
      return traceOfRuns(runs, id);
    },
  };
}

async function pages(
  next: (cursor: string | undefined) => Promise<{ readonly runs: unknown; readonly next?: unknown }>,
): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await next(cursor);
    if (Array.isArray(answer.runs)) runs.push(...answer.runs.filter(isRecord));
    if (typeof answer.next !== 'string' || answer.next === '' || answer.next === cursor) break;
    cursor = answer.next;
  }
  return runs;
}
