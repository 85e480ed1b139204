/**
 * An error of which only the text is known, as `String(error)` gives it: LangSmith's run trees report theirs so. It has
 * the name and the message, and no stack: that would be the tracer's own.
 */
export class ReportedError extends Error {
  /** What it is called where its own name cannot be shown. */
  static override readonly name = 'Error';
  /** What was reported. */
  readonly text: string;

  constructor(text: string) {
    const [, name, message] = /^([A-Z]\w*): ([\s\S]*)$/.exec(text) ?? [undefined, 'Error', text];
    super(message);
    this.text = text;
    this.name = name ?? 'Error';
    Reflect.deleteProperty(this, 'stack');
  }
}

/** True when both are the same error: the same object, or the one and what was reported of it. */
export function isSameError(a: unknown, b: unknown): boolean {
  return a === b || isReportOf(a, b) || isReportOf(b, a);
}

function isReportOf(report: unknown, thrown: unknown): boolean {
  return report instanceof ReportedError && thrown instanceof Error && report.text === String(thrown);
}
