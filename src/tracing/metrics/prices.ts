import { z } from 'zod';
import type { Usage } from '../../core/index.ts';

const perMillion = z.number().nonnegative();

/** What the tokens of models cost, by the name the model has in its traces. */
export const pricesSchema = z.record(
  z.string().min(1),
  z.strictObject({
    /** Dollars for a million input tokens. */
    inputPerMillion: perMillion,
    /** Dollars for a million output tokens. */
    outputPerMillion: perMillion,
  }),
);
/** What the tokens of models cost; see {@link pricesSchema}. */
export type Prices = z.infer<typeof pricesSchema>;

/** What one model's tokens cost. */
export type Price = Prices[string];

/** Dollars for these tokens. */
export function costOf(usage: Usage, price: Price): number {
  return (
    (usage.inputTokens * price.inputPerMillion + usage.outputTokens * price.outputPerMillion) / 1_000_000
  );
}
