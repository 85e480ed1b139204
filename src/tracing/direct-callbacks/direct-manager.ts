import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type {
  CallbackManager,
  CallbackManagerForChainRun,
  CallbackManagerForLLMRun,
} from '@langchain/core/callbacks/manager';
import { newRunId } from '../run-id.ts';
import { type DirectHandler, directHandlers, tell } from './direct-handler.ts';

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

type Inherited = Pick<CallbackManager, 'inheritableHandlers' | 'inheritableTags' | 'inheritableMetadata'>;

/** Subclasses of the classes of this build. */
export function directManagers(build: ManagerClasses): DirectManagers {
  class DirectChainRun extends build.CallbackManagerForChainRun {
    override getChild(tag?: string): CallbackManager {
      const child = childOf(this.runId, this as unknown as Inherited);
      if (tag) child.addTags([tag], false);
      return child;
    }

    override async handleChainEnd(...args: Parameters<CallbackManagerForChainRun['handleChainEnd']>) {
      const isTold = tell(this.handlers, 'ignoreChain', (handler) =>
        handler.handleChainEnd?.(args[0], this.runId),
      );
      if (!isTold) await super.handleChainEnd(...args);
    }

    override async handleChainError(...args: Parameters<CallbackManagerForChainRun['handleChainError']>) {
      const isTold = tell(this.handlers, 'ignoreChain', (handler) =>
        handler.handleChainError?.(args[0], this.runId),
      );
      if (!isTold) await super.handleChainError(...args);
    }
  }

  class DirectModelRun extends build.CallbackManagerForLLMRun {
    override async handleLLMNewToken(...args: Parameters<CallbackManagerForLLMRun['handleLLMNewToken']>) {
      const [token, index = { prompt: 0, completion: 0 }, , , , fields] = args;
      const isTold = tell(this.handlers, 'ignoreLLM', (handler) =>
        handler.handleLLMNewToken?.(token, index, this.runId, this._parentRunId, this.tags, fields),
      );
      if (!isTold) await super.handleLLMNewToken(...args);
    }

    override async handleChatModelStreamEvent(
      ...args: Parameters<CallbackManagerForLLMRun['handleChatModelStreamEvent']>
    ) {
      const isTold = tell(this.handlers, 'ignoreLLM', (handler) =>
        handler.handleChatModelStreamEvent?.(args[0], this.runId),
      );
      if (!isTold) await super.handleChatModelStreamEvent(...args);
    }

    override async handleLLMEnd(...args: Parameters<CallbackManagerForLLMRun['handleLLMEnd']>) {
      const isTold = tell(this.handlers, 'ignoreLLM', (handler) =>
        handler.handleLLMEnd?.(args[0], this.runId),
      );
      if (!isTold) await super.handleLLMEnd(...args);
    }

    override async handleLLMError(...args: Parameters<CallbackManagerForLLMRun['handleLLMError']>) {
      const isTold = tell(this.handlers, 'ignoreLLM', (handler) =>
        handler.handleLLMError?.(args[0], this.runId),
      );
      if (!isTold) await super.handleLLMError(...args);
    }
  }

  class DirectManager extends build.CallbackManager {
    override copy(additional: BaseCallbackHandler[] = [], inherit = true): CallbackManager {
      return additional.length === 0 ? copyOf(this) : super.copy(additional, inherit);
    }

    override async handleChainStart(...args: Parameters<CallbackManager['handleChainStart']>) {
      const [chain, inputs, runId = newRunId(), runType, , , runName] = args;
      const { _parentRunId: parentId, tags, metadata } = this;
      const isTold = tell(this.handlers, 'ignoreChain', (handler) =>
        handler.handleChainStart?.(chain, inputs, runId, parentId, tags, metadata, runType, runName),
      );
      return isTold ? new DirectChainRun(runId, ...partsOf(this)) : super.handleChainStart(...args);
    }

    override async handleChatModelStart(...args: Parameters<CallbackManager['handleChatModelStart']>) {
      const [model, groups, firstId, , extra, , , runName] = args;
      const { _parentRunId: parentId, tags, metadata } = this;
      const runs = this.startModels(groups, firstId, (handler, group, runId) =>
        handler.handleChatModelStart?.(model, [group], runId, parentId, extra, tags, metadata, runName),
      );
      return runs ?? super.handleChatModelStart(...args);
    }

    override async handleLLMStart(...args: Parameters<CallbackManager['handleLLMStart']>) {
      const [model, prompts, firstId, , extra, , , runName] = args;
      const { _parentRunId: parentId, tags, metadata } = this;
      const runs = this.startModels(prompts, firstId, (handler, prompt, runId) =>
        handler.handleLLMStart?.(model, [prompt], runId, parentId, extra, tags, metadata, runName),
      );
      return runs ?? super.handleLLMStart(...args);
    }

    /** One run for each input. Undefined when LangChain has to start them. */
    private startModels<Input>(
      inputs: readonly Input[],
      firstId: string | undefined,
      start: (handler: DirectHandler, input: Input, runId: string) => void,
    ): CallbackManagerForLLMRun[] | undefined {
      if (directHandlers(this.handlers) === undefined) return undefined;
      return inputs.map((input, index) => {
        const runId = (index === 0 && firstId) || newRunId();
        tell(this.handlers, 'ignoreLLM', (handler) => start(handler, input, runId));
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
