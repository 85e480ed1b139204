import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import * as build from '@langchain/core/callbacks/manager';
import { CallbackManager } from '@langchain/core/callbacks/manager';
import { setContextVariable } from '@langchain/core/context';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import fc from 'fast-check';
import { RunTree } from 'langsmith/run_trees';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ConfigureArguments, configureDirectly } from './configure-directly.ts';
import { DIRECT } from './direct-handler.ts';
import { directManagers } from './direct-manager.ts';

class Direct extends BaseCallbackHandler {
  readonly [DIRECT] = true;
  override name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

class Other extends BaseCallbackHandler {
  override name = 'other';
}

interface TracingConfig {
  readonly metadata?: Record<string, unknown> | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** As LangSmith's tracer is told from other handlers. Its copies have the same key. */
class Tracer extends Direct {
  readonly tracingMetadata: Record<string, unknown> | undefined;
  readonly tracingTags: readonly string[];
  private readonly key: object;

  constructor(config: TracingConfig = {}, key: object = {}) {
    super('langchain_tracer');
    this.tracingMetadata = config.metadata;
    this.tracingTags = config.tags ?? [];
    this.key = key;
  }

  copyWithTracingConfig({ metadata, tags = [] }: TracingConfig): Tracer {
    return new Tracer(
      {
        metadata: { ...metadata, ...this.tracingMetadata },
        tags: [...new Set([...this.tracingTags, ...tags])],
      },
      this.key,
    );
  }

  getRunTreeWithTracingConfig(): undefined {
    return undefined;
  }

  _getRunStoreKey(): object {
    return this.key;
  }
}

const managers = directManagers(build);
const configure = (...args: ConfigureArguments) => configureDirectly(build, managers, args);
/** LangChain's own: nothing is installed in this process. */
const ofLangChain = CallbackManager._configureSync.bind(CallbackManager);

/** What can be seen of a manager, also the order of its metadata. */
function seen(manager: CallbackManager | undefined) {
  if (manager === undefined) return undefined;
  const handler = (one: BaseCallbackHandler) =>
    one instanceof Tracer ? { tracer: [one.tracingMetadata, one.tracingTags] } : one;
  return {
    parentRunId: manager.getParentRunId(),
    handlers: manager.handlers.map(handler),
    inheritableHandlers: manager.inheritableHandlers.map(handler),
    tags: manager.tags,
    inheritableTags: manager.inheritableTags,
    metadata: Object.entries(manager.metadata),
    inheritableMetadata: Object.entries(manager.inheritableMetadata),
  };
}

const tag = fc.constantFrom('a', 'b', 'c', 'graph:step:1');
const tags = fc.array(tag, { maxLength: 5 });
const metadata = fc.dictionary(fc.constantFrom('x', 'y', 'z', '7', 'ls_model'), fc.integer(), { maxKeys: 4 });
const handler = new Direct('recorder');

/** A manager as LangChain or LangGraph would have made it: handlers, tags and metadata of which some are inherited. */
const manager = fc
  .record({
    tags,
    inheritableTags: tags,
    metadata,
    inheritableMetadata: metadata,
    tracers: fc.integer({ min: 1, max: 3 }),
    configs: fc.array(fc.record({ metadata: fc.option(metadata, { nil: undefined }), tags }), {
      minLength: 3,
      maxLength: 3,
    }),
    isTracerFirst: fc.boolean(),
  })
  .map(({ tracers: count, configs, isTracerFirst, ...rest }) => {
    const key = {};
    const tracers = configs.slice(0, count).map((config) => new Tracer(config, key));
    const handlers = isTracerFirst ? [...tracers, handler] : [handler, ...tracers];
    return new CallbackManager('parent', { handlers, inheritableHandlers: [...handlers], ...rest });
  });

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('configureDirectly', () => {
  it('gives what LangChain gives, for whatever is inherited and added', () => {
    const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    fc.assert(
      fc.property(
        manager,
        optional(tags),
        optional(tags),
        optional(metadata),
        optional(metadata),
        optional(
          fc.record({
            tracerInheritableMetadata: optional(metadata),
            tracerInheritableTags: optional(tags),
          }),
        ),
        (given, inherited, local, inheritedMetadata, localMetadata, options) => {
          const args = [given, undefined, inherited, local, inheritedMetadata, localMetadata] as const;
          const before = seen(given);
          const direct = configure(...args, options as ConfigureArguments[6]);
          expect(direct).toBeDefined();
          expect(seen(direct)).toEqual(seen(ofLangChain(...args, options as ConfigureArguments[6])));
          // What is given belongs to others.
          expect(seen(given)).toEqual(before);
          direct?.addTags(['later']);
          direct?.addMetadata({ later: true });
          direct?.addHandler(new Other());
          expect(seen(given)).toEqual(before);
        },
      ),
    );
  });

  it('gives children and copies as LangChain does', async () => {
    await fc.assert(
      fc.asyncProperty(manager, fc.option(tag, { nil: undefined }), async (given, childTag) => {
        const child = async (configured: CallbackManager | undefined) => {
          const run = await configured?.handleChainStart(
            { lc: 1, type: 'not_implemented', id: [] },
            {},
            'run',
          );
          return run?.getChild(childTag);
        };
        const [direct, own] = [await child(configure(given)), await child(ofLangChain(given))];
        expect(seen(direct)).toEqual(seen(own));
        expect(seen(direct?.copy([new Other()], false))).toEqual(seen(own?.copy([new Other()], false)));
      }),
    );
  });

  const plain = (...handlers: BaseCallbackHandler[]) =>
    new CallbackManager('parent', { handlers, inheritableHandlers: handlers });

  it.each<[string, () => ConfigureArguments]>([
    ['callbacks of a root', () => [[handler, new Tracer()]]],
    ['no callbacks', () => []],
    [
      'a manager outside of any run',
      () => [
        new CallbackManager(undefined, { handlers: [handler, new Tracer()], inheritableHandlers: [handler] }),
      ],
    ],
    ['a handler of somebody else', () => [plain(handler, new Tracer(), new Other())]],
    ['handlers of the step itself', () => [plain(handler, new Tracer()), [new Other()]]],
    ['a place of the tracer that is free', () => [plain(handler)]],
    ['a handler that is there twice', () => [plain(handler, handler, new Tracer())]],
    ['tracers of different origin', () => [plain(handler, new Tracer(), new Tracer())]],
    [
      'a step that prints what it does',
      () => [
        plain(handler, new Tracer()),
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        { verbose: true },
      ],
    ],
  ])('leaves to LangChain: %s', (_case, args) => {
    expect(configure(...args())).toBeUndefined();
  });

  it('leaves it to LangChain while LANGCHAIN_VERBOSE is set', () => {
    vi.stubEnv('LANGCHAIN_VERBOSE', 'true');
    expect(configure(plain(handler, new Tracer()))).toBeUndefined();
  });

  it('leaves it to LangChain where the code around has switched LangSmith off, or has set context variables', () => {
    const storage = AsyncLocalStorageProviderSingleton.getInstance();
    const given = plain(handler, new Tracer());
    storage.run(new RunTree({ name: 'off', tracingEnabled: false }), () => {
      expect(configure(given)).toBeUndefined();
      expect(ofLangChain(given)?.handlers).toEqual([handler]);
    });
    storage.run(undefined, () => {
      setContextVariable('any', 1);
      expect(configure(given)).toBeUndefined();
    });
    storage.run(undefined, () => expect(configure(given)).toBeDefined());
  });
});
