export {
  type ErrorTextOptions,
  errorName,
  errorText,
  HIDDEN_MESSAGE,
  isCommonErrorName,
} from './error-text.ts';
export { type HideRule, type Hiding, hideRuleSchema, spanPlaceSchema } from './hiding.ts';
export { compilePrivacy, isOpen, type Privacy, type PrivacyOptions, stricter } from './privacy.ts';
export {
  compileRedaction,
  freeKey,
  NO_REDACTION,
  REDACTION_FAILED,
  REDACTION_LOOKAHEAD,
  type Redaction,
} from './redaction.ts';
export { type RedactionRule, redactionRuleSchema, redactionRulesSchema } from './redaction-rule.ts';
