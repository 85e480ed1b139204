import { BoundedMap } from '../bounded-map.ts';

/** Runs that are remembered after they were left out of their trace. */
const MAX_LEFT_OUT = 10_000;
/** Runs that are remembered after their trace has ended. */
const MAX_ENDED = 5_000;

/** What identifies a run, and who reported it. */
interface ReportedRun {
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly source?: object | undefined;
}

/**
 * The ids of runs that belong to a trace and are not in it, or no longer: what runs inside of one begins no trace of its
 * own, which would have a decision of its own and know nothing of the places around it. The oldest are forgotten.
 *
 * In what outlives its run, such as a queue that a node has begun to read, a graph may be called that is wrapped itself. It
 * has a handler of its own, and its runs stand for themselves.
 */
export class GoneRuns {
  private readonly leftOut = new BoundedMap<string, true>(MAX_LEFT_OUT);
  /** With the handler that reported them. */
  private readonly ended = new BoundedMap<string, object>(MAX_ENDED);

  /** Notes a run that is left out while what encloses it goes on. */
  leaveOut(id: string): void {
    this.leftOut.set(id, true);
  }

  /** Notes a run whose trace has ended. */
  end({ id, source }: ReportedRun): void {
    if (source === undefined) this.leaveOut(id);
    else this.ended.set(id, source);
  }

  /** Whether this run has been left out already: every handler around it reports it. */
  has({ id }: ReportedRun): boolean {
    return this.leftOut.get(id) === true;
  }

  /** Whether the run is inside of one that is gone. */
  encloses({ parentId = '', source }: ReportedRun): boolean {
    if (this.leftOut.get(parentId) === true) return true;
    const reporter = this.ended.get(parentId);
    return reporter !== undefined && reporter === source;
  }
}
