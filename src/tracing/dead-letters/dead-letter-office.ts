import { type Clock, errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';
import type { TraceExporter } from '../exporters/index.ts';
import { readLetter } from './letter.ts';
import { LetterFile } from './letter-file.ts';
import { boxName, type LetterBox, LetterFolder } from './letter-folder.ts';
import { Resend, type ResendCounts } from './resend.ts';

/** What a {@link DeadLetterOffice} needs. */
export interface DeadLetterOfficeDeps {
  /** The folder of the letters. */
  readonly folder: string;
  /** Those that letters can be sent through. */
  readonly exporters: readonly TraceExporter[];
  readonly clock: Clock;
}

/** A line that no letter can be made of. */
export interface DamagedLetter {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** What is set aside for one exporter. */
export interface BoxContents {
  readonly exporter: string;
  /** The file that holds it, or will once what a killed resend has left is put back. */
  readonly path: string;
  readonly isConfigured: boolean;
  /** Traces that can be sent again. */
  readonly letters: number;
  /** Why they were refused, the most frequent reason first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** When the first one was refused, in milliseconds since the epoch; undefined without letters. */
  readonly oldestMs: number | undefined;
  readonly newestMs: number | undefined;
  readonly damaged: readonly DamagedLetter[];
}

/** What has become of the letters for one exporter. */
export interface BoxResend extends ResendCounts {
  readonly exporter: string;
  /** The file that holds what was not taken. */
  readonly path: string;
}

/**
 * Knows what exporters have refused for good, and sends it again. It works beside processes that go on adding letters, and
 * finishes what a resend that was killed has left.
 */
export class DeadLetterOffice {
  private readonly folder: LetterFolder;
  private readonly deps: DeadLetterOfficeDeps;

  constructor(deps: DeadLetterOfficeDeps) {
    this.deps = deps;
    this.folder = new LetterFolder(deps.folder);
  }

  /** What is set aside now, by exporter. Changes nothing. @throws UsageError `DEAD_LETTERS_UNUSABLE`. */
  contents(): Promise<readonly BoxContents[]> {
    return this.orUnusable(async () => {
      const boxes = await Promise.all((await this.folder.boxes()).map((box) => this.contentsOf(box)));
      return boxes.filter(({ letters, damaged }) => letters + damaged.length > 0);
    });
  }

  /**
   * Sends what is set aside for the exporters there are, one after the other. What is not taken is kept, and what is set
   * aside meanwhile waits for the next time.
   *
   * @param options `exporter`: only what is set aside for this one.
   * @throws UsageError `RESEND_RUNNING` while another one is at work, `DEAD_LETTERS_UNUSABLE`.
   */
  resend(options: { readonly exporter?: string | undefined; readonly signal: AbortSignal }) {
    return this.orUnusable(async () => {
      const lock = this.folder.lock();
      if (lock === undefined) {
        throw new UsageError(
          'RESEND_RUNNING',
          `The letters in ${this.folder.path} are being resent already.`,
          {
            hint: 'Wait until that has ended.',
          },
        );
      }
      try {
        const results: BoxResend[] = [];
        for (const box of await this.folder.boxes()) {
          const exporter = this.exporterOf(box);
          const isWanted = options.exporter === undefined || boxName(options.exporter) === box.name;
          if (exporter !== undefined && isWanted) {
            results.push(await this.resendBox(box, exporter, options.signal));
          }
        }
        return results;
      } finally {
        lock.release();
      }
    });
  }

  private async resendBox(box: LetterBox, exporter: TraceExporter, signal: AbortSignal): Promise<BoxResend> {
    const keptIn = this.folder.pathOf(box.name);
    const resend = new Resend({ exporter, keptIn, clock: this.deps.clock, signal });
    for (const path of await this.folder.take(box)) await resend.file(path);
    return { exporter: exporter.name, path: keptIn, ...resend.counts };
  }

  private async contentsOf(box: LetterBox): Promise<BoxContents> {
    const reasons = new Map<string, number>();
    const damaged: DamagedLetter[] = [];
    let oldestMs: number | undefined;
    let newestMs: number | undefined;
    for (const path of box.paths) {
      for (const { number, text } of (await LetterFile.read(path))?.lines() ?? []) {
        const letter = readLetter(text);
        if (letter.kind === 'damaged') {
          damaged.push({ path, line: number, problem: letter.problem });
          continue;
        }
        reasons.set(letter.reason, (reasons.get(letter.reason) ?? 0) + 1);
        oldestMs = Math.min(oldestMs ?? letter.timeMs, letter.timeMs);
        newestMs = Math.max(newestMs ?? letter.timeMs, letter.timeMs);
      }
    }
    const counts = [...reasons].map(([reason, count]) => ({ reason, count }));
    const exporter = this.exporterOf(box);
    return {
      exporter: exporter?.name ?? box.name,
      path: this.folder.pathOf(box.name),
      isConfigured: exporter !== undefined,
      letters: counts.reduce((sum, { count }) => sum + count, 0),
      reasons: counts.toSorted((a, b) => b.count - a.count),
      oldestMs,
      newestMs,
      damaged,
    };
  }

  private exporterOf(box: LetterBox): TraceExporter | undefined {
    return this.deps.exporters.find(({ name }) => boxName(name) === box.name);
  }

  private async orUnusable<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (thrown) {
      // The lock is held by way of SQLite, which has errors of its own.
      const isOfDisk =
        thrown instanceof Error && ('syscall' in thrown || hasErrorCode(thrown, 'ERR_SQLITE_ERROR'));
      if (!isOfDisk) throw thrown;
      throw new UsageError(
        'DEAD_LETTERS_UNUSABLE',
        `The letters in ${this.folder.path} cannot be read or changed: ${errorMessage(thrown)}.`,
        {
          hint: 'Check the permissions of the folder and the space of its disk. No letter is lost: run it again.',
          cause: thrown,
        },
      );
    }
  }
}
