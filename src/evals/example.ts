import { z } from 'zod';

/** Version-independent shape of a golden example. Strict: an unknown key is a mistake, not a hint. */
export const exampleSchema = z.strictObject({
  /** Stable and unique in its dataset. */
  id: z.string().trim().min(1).max(200),
  /** What the target is called with. */
  inputs: z.record(z.string(), z.unknown()),
  /** The reference: expected outputs or expectations that evaluators read. */
  outputs: z.record(z.string(), z.unknown()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  /** One or several split names; `--split` selects by them. */
  split: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  /** A failure of this example fails the gate whatever the means. */
  critical: z.boolean().optional(),
});
/** One example of a dataset. `outputs` is the reference. */
export type Example = z.infer<typeof exampleSchema>;
