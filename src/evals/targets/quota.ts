import { errorMessage, isRecord } from '../../core/index.ts';

/**
 * How providers and their clients call a limit of calls or money: OpenAI's codes and sentences, LangChain's
 * `lc_error_code`, Anthropic's `rate_limit_error`, Google's `RESOURCE_EXHAUSTED`, Bedrock's `ThrottlingException`.
 */
const QUOTA =
  /insufficient_quota|exceeded your current quota|rate[ _-]?limit(?:[ _-]?(?:error|exceeded|reached))|MODEL_RATE_LIMIT|RateLimitError|RESOURCE_EXHAUSTED|ThrottlingException|Too Many Requests|(?:^|\b(?:status(?: code)?|HTTP|error)[ :=]*)429\b/i;

const MAX_CAUSES = 5;

/** Whether a message says that a model provider refused a call for its limits: that is not the agent's quality. */
export function mentionsQuota(message: string | undefined): boolean {
  return message !== undefined && QUOTA.test(message);
}

/** The same of something that was thrown, by its status, its codes and its message, also of what caused it. */
export function isQuotaError(thrown: unknown): boolean {
  let current = thrown;
  for (let depth = 0; depth < MAX_CAUSES && isErrorLike(current); depth += 1) {
    const {
      status,
      code,
      lc_error_code: langchainCode,
      name,
      type,
      cause,
    } = current as Record<string, unknown>;
    if (status === 429) return true;
    if ([code, langchainCode, name, type].some((word) => typeof word === 'string' && QUOTA.test(word)))
      return true;
    if (mentionsQuota(errorMessage(current))) return true;
    current = cause;
  }
  return false;
}

function isErrorLike(value: unknown): boolean {
  return value instanceof Error || isRecord(value);
}
