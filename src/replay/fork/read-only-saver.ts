import { BaseCheckpointSaver, type CheckpointTuple } from '@langchain/langgraph';
import { NoVerdictError } from '../../core/index.ts';

type Saver = BaseCheckpointSaver<number | string>;

/**
 * A checkpointer that reads through another one and refuses to write, so that nothing done with it can change the threads
 * it shows. Every writing method rejects with NoVerdictError `CHECKPOINT_WRITE_BLOCKED`.
 */
export class ReadOnlySaver extends BaseCheckpointSaver<number | string> {
  readonly #inner: Saver;
  readonly #place: string;

  /**
   * @param inner What is read. Its `setup()`, where it has one, is never called.
   * @param place Where it reads, for messages; no credentials.
   */
  constructor(inner: Saver, place: string) {
    super(inner.serde);
    this.#inner = inner;
    this.#place = place;
  }

  override getTuple(config: Parameters<Saver['getTuple']>[0]): Promise<CheckpointTuple | undefined> {
    return this.#inner.getTuple(config);
  }

  override list(...args: Parameters<Saver['list']>): AsyncGenerator<CheckpointTuple> {
    return this.#inner.list(...args);
  }

  override getDeltaChannelHistory(
    ...args: Parameters<Saver['getDeltaChannelHistory']>
  ): ReturnType<Saver['getDeltaChannelHistory']> {
    return this.#inner.getDeltaChannelHistory(...args);
  }

  override getNextVersion(current: number | string | undefined): number | string {
    return this.#inner.getNextVersion(current);
  }

  override put(): Promise<never> {
    return this.#refuse('a checkpoint');
  }

  override putWrites(): Promise<never> {
    return this.#refuse('the writes of a task');
  }

  override deleteThread(): Promise<never> {
    return this.#refuse('the removal of a thread');
  }

  async #refuse(what: string): Promise<never> {
    throw new NoVerdictError(
      'CHECKPOINT_WRITE_BLOCKED',
      `A replay was kept from writing ${what} to ${this.#place}.`,
      {
        hint: 'A replay reads threads and never changes them; resume the thread itself with the deployed agent.',
      },
    );
  }
}
