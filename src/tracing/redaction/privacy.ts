import { compileHiding, type HideRule, type Hiding } from './hiding.ts';
import { compileRedaction, type OnRedactionFailure, type Redaction } from './redaction.ts';
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
}

/** What may leave memory, compiled. */
export interface Privacy {
  readonly redaction: Redaction;
  readonly hidesInputs: Hiding;
  readonly hidesOutputs: Hiding;
  readonly hidesMetadata: Hiding;
  readonly keepErrorMessages: boolean;
}

/** Compiles the privacy boundary, once per tracer. */
export function compilePrivacy(options: PrivacyOptions, onFailure: OnRedactionFailure): Privacy {
  return {
    redaction: compileRedaction(options.redact, onFailure),
    hidesInputs: compileHiding(options.hideInputs),
    hidesOutputs: compileHiding(options.hideOutputs),
    hidesMetadata: compileHiding(options.hideMetadata),
    keepErrorMessages: options.keepErrorMessages,
  };
}
