import { UsageError } from '../../core/index.ts';

/** What a target is, as its spec says. */
export type TargetSpec =
  | { readonly kind: 'langserve'; readonly url: URL }
  | { readonly kind: 'graph'; readonly ref: string };

const FORMS = 'langserve:URL (a served agent) and graph:./file.ts#export (a graph in this process)';

/**
 * Parses a target spec: `langserve:http://127.0.0.1:8000/agent` or `graph:./agent.ts#graph`.
 *
 * @throws UsageError `TARGET_UNKNOWN` for another scheme, `TARGET_INVALID` for a URL or file that cannot be meant.
 */
export function parseTargetSpec(spec: string): TargetSpec {
  const colon = spec.indexOf(':');
  const scheme = colon === -1 ? '' : spec.slice(0, colon);
  const rest = spec.slice(colon + 1).trim();
  switch (scheme) {
    case 'langserve':
      return { kind: 'langserve', url: parseUrl(spec, rest) };
    case 'graph':
      if (rest === '') throw invalid(spec, 'names no file');
      return { kind: 'graph', ref: rest };
    default:
      throw new UsageError('TARGET_UNKNOWN', `Target ${shown(spec)} has no known scheme.`, {
        hint: /^https?$/.test(scheme)
          ? `For an agent served with LangServe's routes write langserve:${withoutSecrets(spec)}`
          : `There are ${FORMS}.`,
      });
  }
}

function parseUrl(spec: string, text: string): URL {
  if (!URL.canParse(text)) throw invalid(spec, 'is not followed by a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid(spec, 'needs an http or https URL');
  if (url.username !== '' || url.password !== '') {
    // The spec is written into results and baselines.
    throw invalid(spec, 'has credentials in its URL', 'Put them into SLUICE_TARGET_AUTHORIZATION instead.');
  }
  if (url.search !== '' || url.hash !== '') throw invalid(spec, 'has a query or fragment in its URL');
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/invoke$/, '');
  return url;
}

function invalid(spec: string, what: string, hint = `There are ${FORMS}.`): UsageError {
  return new UsageError('TARGET_INVALID', `Target ${shown(spec)} ${what}.`, { hint });
}

function shown(spec: string): string {
  return JSON.stringify(withoutSecrets(spec));
}

function withoutSecrets(spec: string): string {
  return spec.replace(/\/\/[^/@]*@/, '//');
}
