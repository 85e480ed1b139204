import { NoVerdictError } from '../../core/index.ts';
import type { ScoredCall } from '../experiment.ts';

/** What a run may take. What is absent has no limit. */
export interface BudgetLimits {
  /** Dollars that the answers of the whole run cost, sessions before a resume included. */
  readonly usd?: number | undefined;
  /** Tokens in and out, of the whole run. */
  readonly tokens?: number | undefined;
  /** Wall time of one session. */
  readonly timeMs?: number | undefined;
}

/** What a run has taken so far. */
export interface Spent {
  readonly usd: number;
  readonly tokens: number;
}

/** So many answers in a row from the first on without any report mean that the agent reports none. */
const MIN_REPORTS = 20;

/** Ten times $0.10 is a little less than $1. */
const ROUNDING_USD = 1e-9;

/** Keeps the account of a run: what its answers took, and whether that is more than it may take. */
export class Budget {
  readonly #limits: BudgetLimits;
  #usd = 0;
  #tokens = 0;
  #answers = 0;
  #reports = 0;

  constructor(limits: BudgetLimits = {}) {
    this.#limits = limits;
  }

  get spent(): Spent {
    return { usd: this.#usd, tokens: this.#tokens };
  }

  /** The limit of time; undefined without one. */
  get timeMs(): number | undefined {
    return this.#limits.timeMs;
  }

  /**
   * Takes in what a call took. A cached answer took nothing.
   *
   * @throws NoVerdictError `USAGE_UNREPORTED` where a limit of money or tokens cannot be kept because answers report no
   * tokens, `PRICE_UNKNOWN` where one of money cannot because a call has tokens and no cost.
   */
  add({ status, usage, cached, exampleId }: ScoredCall): void {
    if (status !== 'answered' || cached === true) return;
    this.#answers += 1;
    if (usage === undefined) {
      if (this.#reports === 0 && this.#answers >= MIN_REPORTS) this.refuseUnreported();
      return;
    }
    this.#reports += 1;
    this.#tokens += usage.inputTokens + usage.outputTokens;
    this.#usd += usage.usd ?? 0;
    if (this.#limits.usd !== undefined && usage.usd === undefined) throw priceUnknown(exampleId);
  }

  /** Throws where not one of the answers so far reports what it took, and a limit is on that. */
  refuseUnreported(): void {
    const { usd, tokens } = this.#limits;
    if ((usd === undefined && tokens === undefined) || this.#reports > 0 || this.#answers === 0) return;
    throw new NoVerdictError(
      'USAGE_UNREPORTED',
      `None of ${this.#answers} answers reports its tokens: the budget of ${usd === undefined ? 'tokens' : 'money'} cannot be kept.`,
      { hint: 'Let the agent return its messages with usage_metadata, or limit the time: --budget-time 10m' },
    );
  }

  /** What has reached its limit, for people: `$1.02 of $1.00`; undefined while nothing has. */
  reached(): string | undefined {
    const { usd, tokens } = this.#limits;
    if (usd !== undefined && this.#usd >= usd - ROUNDING_USD)
      return `${dollars(this.#usd)} of ${dollars(usd)}`;
    if (tokens !== undefined && this.#tokens >= tokens) return `${this.#tokens} of ${tokens} tokens`;
    return undefined;
  }

  /** Whether so many more calls, each taking what one took on average so far, stay within money and tokens. */
  fits(calls: number): boolean {
    if (this.reached() !== undefined) return false;
    if (this.#answers === 0) return true;
    const share = calls / this.#answers;
    const { usd = Number.POSITIVE_INFINITY, tokens = Number.POSITIVE_INFINITY } = this.#limits;
    return this.#usd * (1 + share) <= usd && this.#tokens * (1 + share) <= tokens;
  }
}

function dollars(usd: number): string {
  return `$${usd < 0.1 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

function priceUnknown(exampleId: string): NoVerdictError {
  return new NoVerdictError(
    'PRICE_UNKNOWN',
    `The answer for example ${JSON.stringify(exampleId)} came from a model without a price: the budget of money cannot be kept.`,
    {
      hint: 'Add the model to the suite\'s prices, or a price for every other one: prices: { "*": { inputPerMillion: 2, outputPerMillion: 8 } }.',
    },
  );
}
