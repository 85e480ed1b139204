import { compileHiding, eitherHiding, type HideRule, type Hiding } from './hiding.ts';
import {
  bothRedactions,
  compileRedaction,
  NO_REDACTION,
  type OnRedactionFailure,
  type Redaction,
} from './redaction.ts';
import type { RedactionRule } from './redaction-rule.ts';

/** The options of the privacy boundary, with everything decided. */
export interface PrivacyOptions {
  readonly hideInputs: HideRule;
  readonly hideOutputs: HideRule;
  /** Metadata and tags. */
  readonly hideMetadata: HideRule;
  /** Record what errors say also where inputs or outputs are hidden. */
  readonly keepErrorMessages: boolean;
  readonly redact: boolean | readonly RedactionRule[];
  /** Models by name, of which the names say nothing of any caller: whoever wrote the options knows them. */
  readonly prices?: Readonly<Record<string, unknown>>;
}

/** What may leave memory, compiled. */
export interface Privacy {
  readonly redaction: Redaction;
  readonly hidesInputs: Hiding;
  readonly hidesOutputs: Hiding;
  readonly hidesMetadata: Hiding;
  readonly keepErrorMessages: boolean;
  /** Names of models that are shown also where metadata is hidden. */
  readonly knownModels: ReadonlySet<string>;
}

/** Whether nothing at all is hidden or redacted. */
export function isOpen({ redaction, hidesInputs, hidesOutputs, hidesMetadata }: Privacy): boolean {
  return (
    redaction === NO_REDACTION && hidesInputs === false && hidesOutputs === false && hidesMetadata === false
  );
}

/** What both let through. */
export function stricter(one: Privacy, other: Privacy): Privacy {
  return {
    redaction: bothRedactions(one.redaction, other.redaction),
    hidesInputs: eitherHiding(one.hidesInputs, other.hidesInputs),
    hidesOutputs: eitherHiding(one.hidesOutputs, other.hidesOutputs),
    hidesMetadata: eitherHiding(one.hidesMetadata, other.hidesMetadata),
    keepErrorMessages: one.keepErrorMessages && other.keepErrorMessages,
    knownModels: new Set([...one.knownModels].filter((model) => other.knownModels.has(model))),
  };
}

/** Compiles the privacy boundary, once per tracer. */
export function compilePrivacy(options: PrivacyOptions, onFailure: OnRedactionFailure): Privacy {
  return {
    redaction: compileRedaction(options.redact, onFailure),
    hidesInputs: compileHiding(options.hideInputs),
    hidesOutputs: compileHiding(options.hideOutputs),
    hidesMetadata: compileHiding(options.hideMetadata),
    keepErrorMessages: options.keepErrorMessages,
    knownModels: new Set(Object.keys(options.prices ?? {})),
  };
}
