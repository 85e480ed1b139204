import type { CreateTargetOptions, Target } from './target.ts';
import { parseTargetSpec } from './target-spec.ts';

/**
 * Opens a target by its spec: `langserve:URL` for an agent served with LangServe's routes, `graph:./file.ts#export` for a
 * compiled graph that is loaded and run in this process, with tracing on.
 *
 * @throws UsageError `TARGET_UNKNOWN` or `TARGET_INVALID` for a spec that cannot be meant, and whatever loading a graph
 * throws.
 */
export async function createTarget(spec: string, options: CreateTargetOptions): Promise<Target> {
  const parsed = parseTargetSpec(spec);
  switch (parsed.kind) {
    case 'langserve': {
      const { langserveTarget } = await import('./langserve-target.ts');
      const authorization = options.env['SLUICE_TARGET_AUTHORIZATION'];
      return langserveTarget({
        spec,
        url: parsed.url,
        clock: options.clock,
        env: options.env,
        ...(authorization === undefined || authorization === '' ? {} : { authorization }),
      });
    }
    case 'graph': {
      // LangGraph is loaded by those who run a graph, not by those who call one over HTTP.
      const { graphTarget } = await import('./graph-target.ts');
      return graphTarget({ spec, ref: parsed.ref, ...options });
    }
  }
}
