import { UsageError } from '../../core/index.ts';
import type { CreateTargetOptions, Target } from './target.ts';
import { parseTargetSpec } from './target-spec.ts';

/**
 * Opens a target by its spec: `langserve:URL` for an agent served with LangServe's routes, `graph:./file.ts#export` for a
 * compiled graph that is loaded and run in this process, with tracing on.
 *
 * @throws UsageError `TARGET_UNKNOWN` or `TARGET_INVALID` for a spec that cannot be meant, `CASSETTES_NEED_GRAPH` for
 * cassettes with anything but a graph, and whatever loading a graph
 * throws.
 */
export async function createTarget(spec: string, options: CreateTargetOptions): Promise<Target> {
  const parsed = parseTargetSpec(spec);
  const { cassettes, ...rest } = options;
  switch (parsed.kind) {
    case 'langserve': {
      if (cassettes !== undefined) {
        throw new UsageError('CASSETTES_NEED_GRAPH', `Cassettes cannot be played on ${spec}.`, {
          hint: 'They take the place of the models and tools of a graph in this process: graph:./file.ts#export.',
        });
      }
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
      if (cassettes !== undefined) {
        const { cassetteTarget } = await import('./cassette-target.ts');
        return await cassetteTarget({ spec, ref: parsed.ref, cassettes, ...rest });
      }
      const { graphTarget } = await import('./graph-target.ts');
      return graphTarget({ spec, ref: parsed.ref, ...rest });
    }
  }
}
