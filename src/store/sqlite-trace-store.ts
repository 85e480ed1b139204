import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Logger, Trace } from '../core/index.ts';
import { type BusyRetry, retryWhileBusy } from './busy-retry.ts';
import { deleteBatch, handBackSpace, matchingCount } from './prune-batch.ts';
import { storeClosed, storeError, storeOpenedReadOnly, traceDamaged } from './store-error.ts';
import type { ListedTrace, TracePin } from './trace-pin.ts';
import { parsePin, parseSummary, parseTrace, spanRows, traceRow } from './trace-rows.ts';
import {
  DEFAULT_LIST_LIMIT,
  MAX_CANDIDATES,
  MIN_PREFIX_LENGTH,
  type ProjectRetention,
  type PruneQuery,
  type PruneResult,
  type TraceLookup,
  type TraceQuery,
  type TraceStore,
} from './trace-store.ts';
import { transaction } from './transaction.ts';

/** What a {@link SqliteTraceStore} is made of. */
export interface SqliteTraceStoreParts {
  /** A connection to a store of the current format. The store closes it. */
  readonly db: DatabaseSync;
  /** Names the store in errors. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly retry: BusyRetry;
  readonly logger: Logger;
}

const INSERT_TRACE = `
  INSERT INTO traces
    (id, name, thread_id, outcome, start_time_ms, end_time_ms, reason, weight, span_count, error, project,
     checkpoint_id, record)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_SPAN = 'INSERT INTO spans (trace_id, position, id, record) VALUES (?, ?, ?, ?)';
const INSERT_SHARED = 'INSERT INTO shared_parts (trace_id, record) VALUES (?, ?)';
const DELETE_TRACE = 'DELETE FROM traces WHERE id = ?';
const IDS_BY_ID = 'SELECT id FROM traces WHERE id = ?';
const IDS_BY_SPAN = `
  SELECT id FROM traces WHERE id IN (SELECT trace_id FROM spans WHERE id = ?)
  ORDER BY start_time_ms DESC, id DESC LIMIT ${MAX_CANDIDATES}`;
// The range lets the index answer; U+10FFFF is the last character there is. The prefix is bound twice: Node.js 22.15
// does not bind values to numbered parameters.
const IDS_BY_PREFIX = `
  SELECT id FROM traces WHERE id >= ? AND id < ? || char(1114111)
  ORDER BY start_time_ms DESC, id DESC LIMIT ${MAX_CANDIDATES}`;
const TRACE_RECORD = 'SELECT record FROM traces WHERE id = ?';
const PIN = 'SELECT reason AS pin_reason, pinned_at_ms FROM pins WHERE trace_id = ?';
const INSERT_PIN = `
  INSERT INTO pins (trace_id, reason, pinned_at_ms) VALUES (?, ?, ?)
  ON CONFLICT (trace_id) DO UPDATE SET reason = excluded.reason, pinned_at_ms = excluded.pinned_at_ms`;
const DELETE_PIN = 'DELETE FROM pins WHERE trace_id = ?';
const PROJECTS = 'SELECT name, max_age_ms FROM projects ORDER BY name';
const INSERT_PROJECT = 'INSERT OR IGNORE INTO projects (name) VALUES (?)';
const SET_MAX_AGE = `
  INSERT INTO projects (name, max_age_ms) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET max_age_ms = excluded.max_age_ms`;
const SHARED_RECORD = 'SELECT record FROM shared_parts WHERE trace_id = ?';
const SPAN_RECORDS = 'SELECT record FROM spans WHERE trace_id = ? ORDER BY position';

/** The embedded trace store; see {@link openTraceStore}, which makes it. */
export class SqliteTraceStore implements TraceStore {
  readonly #parts: SqliteTraceStoreParts;
  readonly #statements = new Map<string, StatementSync>();
  #isClosed = false;

  constructor(parts: SqliteTraceStoreParts) {
    this.#parts = parts;
  }

  async write(traces: readonly Trace[]): Promise<void> {
    this.#checkWritable();
    if (traces.length === 0) return;
    // Encoded before the lock is taken, so that other writers wait for the disk alone.
    const rows = traces.map((trace) => ({ head: traceRow(trace), ...spanRows(trace) }));
    const projects = new Set(rows.map(({ head }) => head.project));
    await this.#transaction('write', () => {
      for (const project of projects) this.#prepare(INSERT_PROJECT).run(project);
      for (const { head, spans, shared } of rows) {
        this.#prepare(DELETE_TRACE).run(head.id);
        this.#prepare(INSERT_TRACE).run(
          head.id,
          head.name,
          head.thread_id,
          head.outcome,
          head.start_time_ms,
          head.end_time_ms,
          head.reason,
          head.weight,
          head.span_count,
          head.error,
          head.project,
          head.checkpoint_id,
          head.record,
        );
        for (const span of spans) {
          this.#prepare(INSERT_SPAN).run(span.trace_id, span.position, span.id, span.record);
        }
        if (shared !== null) this.#prepare(INSERT_SHARED).run(head.id, shared);
      }
    });
  }

  /** Leaves out damaged records and tells the logger how many there were. */
  async list(query: TraceQuery): Promise<ListedTrace[]> {
    const { sql, values } = listStatement(query);
    const limit = query.limit ?? DEFAULT_LIST_LIMIT;
    const { summaries, damagedIds } = await this.#transaction('read', () => {
      const summaries: ListedTrace[] = [];
      const damagedIds: string[] = [];
      if (limit === 0) return { summaries, damagedIds };
      // Read row by row: a damaged one must not take a place in the list.
      for (const row of this.#prepare(sql).iterate(...values)) {
        const parsed = parseSummary(String(row['record']));
        if (parsed.ok) summaries.push({ ...parsed.value, ...parsePin(row) });
        else damagedIds.push(String(row['id']));
        if (summaries.length >= limit) break;
      }
      return { summaries, damagedIds };
    });
    if (damagedIds.length > 0) {
      this.#parts.logger.warn(
        `${this.#parts.path}: left out ${damagedIds.length} damaged ${damagedIds.length === 1 ? 'trace' : 'traces'} (${damagedIds[0]}${damagedIds.length === 1 ? '' : ', ...'})`,
      );
    }
    return summaries;
  }

  /** @throws NoVerdictError `TRACE_DAMAGED` when the one trace that matches cannot be read. */
  async find(idOrPrefix: string): Promise<TraceLookup> {
    return this.#transaction('read', () => {
      const ids = this.#matchingIds(idOrPrefix);
      const [id, ...others] = ids;
      if (id === undefined) return { kind: 'missing' };
      if (others.length > 0) return { kind: 'ambiguous', ids };
      return { kind: 'found', trace: this.#read(id), ...parsePin(this.#prepare(PIN).get(id)) };
    });
  }

  async projects(): Promise<ProjectRetention[]> {
    const rows = await this.#transaction('read', () => this.#prepare(PROJECTS).all());
    return rows.map(({ name, max_age_ms: maxAgeMs }) => ({
      project: String(name),
      ...(maxAgeMs === null ? {} : { maxAgeMs: Number(maxAgeMs) }),
    }));
  }

  async setMaxAge(project: string, maxAgeMs: number): Promise<void> {
    this.#checkWritable();
    await this.#transaction('write', () => this.#prepare(SET_MAX_AGE).run(project, maxAgeMs));
  }

  async prune({ isDryRun = false, ...old }: PruneQuery): Promise<PruneResult> {
    const { db } = this.#parts;
    if (isDryRun) {
      const removed = await this.#transaction('read', () => matchingCount(db, old));
      return { removed, hasMore: false };
    }
    this.#checkWritable();
    return this.#transaction('write', () => {
      const { removed, isLast } = deleteBatch(db, old);
      return { removed, hasMore: handBackSpace(db) || !isLast };
    });
  }

  async pin(id: string, { reason, pinnedAtMs }: TracePin): Promise<boolean> {
    this.#checkWritable();
    return this.#transaction('write', () => {
      if (this.#prepare(IDS_BY_ID).get(id) === undefined) return false;
      this.#prepare(INSERT_PIN).run(id, reason, pinnedAtMs);
      return true;
    });
  }

  async unpin(id: string): Promise<boolean> {
    this.#checkWritable();
    return this.#transaction('write', () => this.#prepare(DELETE_PIN).run(id).changes > 0);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#parts.db.close();
  }

  #checkWritable(): void {
    if (this.#parts.readOnly) throw storeOpenedReadOnly(this.#parts.path);
  }

  #matchingIds(idOrPrefix: string): string[] {
    const ids = (sql: string, ...values: string[]) =>
      this.#prepare(sql)
        .all(...values)
        .map((row) => String(row['id']));
    const exact = ids(IDS_BY_ID, idOrPrefix);
    if (exact.length > 0) return exact;
    const bySpan = ids(IDS_BY_SPAN, idOrPrefix);
    if (bySpan.length > 0) return bySpan;
    return idOrPrefix.length < MIN_PREFIX_LENGTH ? [] : ids(IDS_BY_PREFIX, idOrPrefix, idOrPrefix);
  }

  #read(id: string): Trace {
    const record = String(this.#prepare(TRACE_RECORD).get(id)?.['record']);
    const spanRecords = this.#prepare(SPAN_RECORDS)
      .all(id)
      .map((row) => String(row['record']));
    const shared = this.#prepare(SHARED_RECORD).get(id)?.['record'];
    const parsed = parseTrace(record, spanRecords, shared === undefined ? null : String(shared));
    if (!parsed.ok) throw traceDamaged(this.#parts.path, id, parsed.problem);
    return parsed.value;
  }

  async #transaction<Result>(mode: 'read' | 'write', work: () => Result): Promise<Result> {
    const { db, path, retry } = this.#parts;
    try {
      return await retryWhileBusy(() => {
        // Asked each time: the store may have been closed during a pause.
        if (this.#isClosed) throw storeClosed(path);
        return transaction(db, mode, work);
      }, retry);
    } catch (thrown) {
      throw storeError(thrown, path);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#parts.db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function listStatement(query: TraceQuery): { sql: string; values: (string | number)[] } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add('t.outcome = ?', query.outcome);
  add('t.name = ?', query.name);
  add('t.thread_id = ?', query.threadId);
  add('t.project = ?', query.project);
  add('t.checkpoint_id = ?', query.interruptedAt);
  add('t.start_time_ms >= ?', query.sinceMs);
  if (query.isPinned !== undefined) conditions.push(`p.trace_id IS ${query.isPinned ? 'NOT NULL' : 'NULL'}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const sql = `
    SELECT t.id, t.record, p.reason AS pin_reason, p.pinned_at_ms
    FROM traces AS t LEFT JOIN pins AS p ON p.trace_id = t.id
    ${where} ORDER BY t.start_time_ms DESC, t.id DESC`;
  return { sql, values };
}
