import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type {
  CallbackManager,
  CallbackManagerForChainRun,
  CallbackManagerForLLMRun,
} from '@langchain/core/callbacks/manager';
import { newRunId } from '../run-id.ts';
import { directHandlers } from './direct-handler.ts';

/** The classes of one build of LangChain. */
export interface ManagerClasses {
  readonly CallbackManager: typeof CallbackManager;
  readonly CallbackManagerForChainRun: typeof CallbackManagerForChainRun;
  readonly CallbackManagerForLLMRun: typeof CallbackManagerForLLMRun;
}

/** Makes callback managers that call {@link DirectHandler}s directly, and do everything else as LangChain's own do. */
export interface DirectManagers {
  /** What `copy()` gives. */
  copyOf(manager: CallbackManager): CallbackManager;
}

const DONE = Promise.resolve();

type Inherited = Pick<CallbackManager, 'inheritableHandlers' | 'inheritableTags' | 'inheritableMetadata'>;

/** Subclasses of the classes of this build. */
export function directManagers(build: ManagerClasses): DirectManagers {
  class DirectChainRun extends build.CallbackManagerForChainRun {
    override getChild(tag?: string): CallbackManager {
      const child = childOf(this.runId, this as unknown as Inherited);
      if (tag) child.addTags([tag], false);
      return child;
    }

    override handleChainEnd(
      ...args: Parameters<CallbackManagerForChainRun['handleChainEnd']>
    ): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleChainEnd(...args);
      for (const handler of handlers) if (!handler.ignoreChain) handler.handleChainEnd?.(args[0], this.runId);
      return DONE;
    }

    override handleChainError(
      ...args: Parameters<CallbackManagerForChainRun['handleChainError']>
    ): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleChainError(...args);
      for (const handler of handlers)
        if (!handler.ignoreChain) handler.handleChainError?.(args[0], this.runId);
      return DONE;
    }
  }

  class DirectModelRun extends build.CallbackManagerForLLMRun {
    override handleLLMNewToken(
      ...args: Parameters<CallbackManagerForLLMRun['handleLLMNewToken']>
    ): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleLLMNewToken(...args);
      const [token, index = { prompt: 0, completion: 0 }] = args;
      for (const handler of handlers) {
        if (!handler.ignoreLLM)
          handler.handleLLMNewToken?.(token, index, this.runId, this._parentRunId, this.tags, args[5]);
      }
      return DONE;
    }

    override handleChatModelStreamEvent(
      ...args: Parameters<CallbackManagerForLLMRun['handleChatModelStreamEvent']>
    ): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleChatModelStreamEvent(...args);
      for (const handler of handlers)
        if (!handler.ignoreLLM) handler.handleChatModelStreamEvent?.(args[0], this.runId);
      return DONE;
    }

    override handleLLMEnd(...args: Parameters<CallbackManagerForLLMRun['handleLLMEnd']>): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleLLMEnd(...args);
      for (const handler of handlers) if (!handler.ignoreLLM) handler.handleLLMEnd?.(args[0], this.runId);
      return DONE;
    }

    override handleLLMError(...args: Parameters<CallbackManagerForLLMRun['handleLLMError']>): Promise<void> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleLLMError(...args);
      for (const handler of handlers) if (!handler.ignoreLLM) handler.handleLLMError?.(args[0], this.runId);
      return DONE;
    }
  }

  class DirectManager extends build.CallbackManager {
    override copy(additional: BaseCallbackHandler[] = [], inherit = true): CallbackManager {
      const copy = copyOf(this);
      for (const handler of additional) {
        const isSecondConsole =
          handler.name === CONSOLE && copy.handlers.some(({ name }) => name === CONSOLE);
        if (!isSecondConsole) copy.addHandler(handler, inherit);
      }
      return copy;
    }

    override async handleChainStart(
      ...args: Parameters<CallbackManager['handleChainStart']>
    ): Promise<CallbackManagerForChainRun> {
      const handlers = directHandlers(this.handlers);
      const [chain, inputs, runId = newRunId(), runType, , , runName] = args;
      if (handlers === undefined) return super.handleChainStart(...args);
      const { _parentRunId: parentId, tags, metadata } = this;
      for (const handler of handlers) {
        if (!handler.ignoreChain)
          handler.handleChainStart?.(chain, inputs, runId, parentId, tags, metadata, runType, runName);
      }
      return new DirectChainRun(runId, ...partsOf(this));
    }

    override async handleChatModelStart(
      ...args: Parameters<CallbackManager['handleChatModelStart']>
    ): Promise<CallbackManagerForLLMRun[]> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleChatModelStart(...args);
      const [model, groups, givenId, , extra, , , runName] = args;
      const { _parentRunId: parentId, tags, metadata } = this;
      return groups.map((group, index) => {
        const runId = (index === 0 && givenId) || newRunId();
        for (const handler of handlers) {
          if (!handler.ignoreLLM)
            handler.handleChatModelStart?.(model, [group], runId, parentId, extra, tags, metadata, runName);
        }
        return new DirectModelRun(runId, ...partsOf(this));
      });
    }

    override async handleLLMStart(
      ...args: Parameters<CallbackManager['handleLLMStart']>
    ): Promise<CallbackManagerForLLMRun[]> {
      const handlers = directHandlers(this.handlers);
      if (handlers === undefined) return super.handleLLMStart(...args);
      const [model, prompts, givenId, , extra, , , runName] = args;
      const { _parentRunId: parentId, tags, metadata } = this;
      return prompts.map((prompt, index) => {
        const runId = (index === 0 && givenId) || newRunId();
        for (const handler of handlers) {
          if (!handler.ignoreLLM)
            handler.handleLLMStart?.(model, [prompt], runId, parentId, extra, tags, metadata, runName);
        }
        return new DirectModelRun(runId, ...partsOf(this));
      });
    }
  }

  function copyOf(manager: CallbackManager): CallbackManager {
    const { handlers, inheritableHandlers, metadata, inheritableMetadata, inheritableTags } = manager;
    const tags = lastOfEach(manager.tags);
    const inherited: Record<string, unknown> = {};
    for (const key of Object.keys(metadata)) {
      if (Object.hasOwn(inheritableMetadata, key)) inherited[key] = metadata[key];
    }
    return new DirectManager(manager.getParentRunId(), {
      handlers: [...handlers],
      inheritableHandlers: handlers.filter((handler) => inheritableHandlers.includes(handler)),
      tags,
      inheritableTags: tags.filter((tag) => inheritableTags.includes(tag)),
      metadata: { ...metadata },
      inheritableMetadata: inherited,
    });
  }

  function childOf(runId: string, parent: Inherited): CallbackManager {
    const { inheritableHandlers: handlers, inheritableTags: tags, inheritableMetadata: metadata } = parent;
    return new DirectManager(runId, {
      handlers: [...handlers],
      inheritableHandlers: [...handlers],
      tags: [...tags],
      inheritableTags: [...tags],
      metadata: { ...metadata },
      inheritableMetadata: { ...metadata },
    });
  }

  return { copyOf };
}

const CONSOLE = 'console_callback_handler';

/** What a run has of the manager that it was started by. */
function partsOf(manager: CallbackManager) {
  const { handlers, inheritableHandlers, tags, inheritableTags, metadata, inheritableMetadata } = manager;
  return [
    handlers,
    inheritableHandlers,
    tags,
    inheritableTags,
    metadata,
    inheritableMetadata,
    manager.getParentRunId(),
  ] as const;
}

/** LangChain adds one tag after the other, each of which takes the place of an equal one before it. */
function lastOfEach(tags: readonly string[]): string[] {
  return tags.filter((tag, index) => !tags.includes(tag, index + 1));
}
