import { startReceiver } from './receiver.ts';

/** Where an example sends its traces. */
export type Destination = 'langsmith' | 'otlp';

/**
 * Runs `work` with every destination configured: as the environment says, or at a local receiver where it says nothing.
 * A destination that was not asked for is switched off.
 */
export async function withDestinations(
  wanted: readonly Destination[],
  work: () => Promise<void>,
): Promise<void> {
  const { env } = process;
  await using receiver = await startReceiver();
  if (!wanted.includes('langsmith')) {
    for (const name of [
      'LANGSMITH_TRACING',
      'LANGSMITH_TRACING_V2',
      'LANGCHAIN_TRACING',
      'LANGCHAIN_TRACING_V2',
    ])
      delete env[name];
  } else {
    env['LANGSMITH_TRACING'] = 'true';
    if (!env['LANGSMITH_API_KEY'] && !env['LANGCHAIN_API_KEY']) {
      env['LANGSMITH_API_KEY'] = 'not-a-key';
      env['LANGSMITH_ENDPOINT'] = receiver.url;
    }
  }
  if (!wanted.includes('otlp')) env['OTEL_TRACES_EXPORTER'] = 'none';
  else if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) {
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] = receiver.url;
  }
  await work();
}
