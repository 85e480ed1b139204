import type { Attributes, Context, SpanContext } from '@opentelemetry/api';

/**
 * What the processor reads of an SDK's span. The SDKs 2.x and 3.x both fit: an application brings its own, and its types
 * are not ours.
 */
export interface SdkSpan {
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly resource?: SdkResource;
}

/** A span while it can still be written to. */
export interface SdkWritableSpan extends SdkSpan {
  setAttributes(attributes: Attributes): unknown;
}

/** The part of an SDK's resource that matters here. */
export interface SdkResource {
  readonly attributes: Attributes;
}

/**
 * A span processor of an SDK 2.x or 3.x. Spans are `never` here, because only the SDK knows their type: what comes from it
 * is passed on to it.
 */
export interface SdkSpanProcessor {
  onStart(span: never, parentContext: Context): void;
  onEnding?(span: never): void;
  onEnd(span: never): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}
