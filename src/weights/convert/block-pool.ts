import type { Block, BlockResult } from './block.ts';

/** Converts blocks in threads. */
export interface BlockPool {
  /** Blocks that are worked on at the same time. */
  readonly size: number;
  /** Takes the block's bytes away from the caller. Rejects when the pool is closed or its thread fails. */
  run(block: Block): Promise<BlockResult>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** A thread that answers each block with its result, in whatever way the platform makes threads. */
export interface BlockThread {
  post(block: Block): void;
  /** Called for each result; an Error when the thread broke. */
  onAnswer(listener: (answer: BlockResult | Error) => void): void;
  end(): Promise<unknown>;
}

interface Task {
  block: Block;
  resolve: (result: BlockResult) => void;
  reject: (error: Error) => void;
}

/** Hands blocks to whichever thread is free, in the order in which they came. */
export class ThreadPool implements BlockPool {
  readonly size: number;
  readonly #threads: readonly BlockThread[];
  readonly #idle: BlockThread[];
  readonly #busy = new Map<BlockThread, Task>();
  readonly #waiting: Task[] = [];
  #failure: Error | undefined;

  constructor(threads: readonly BlockThread[]) {
    this.size = threads.length;
    this.#threads = threads;
    this.#idle = [...threads];
    for (const thread of threads) {
      thread.onAnswer((answer) => {
        if (answer instanceof Error) this.#fail(answer);
        else this.#settle(thread, answer);
      });
    }
  }

  run(block: Block): Promise<BlockResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ block, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#fail(new Error('The threads have been ended.'));
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #next(): void {
    if (this.#failure) {
      for (const task of this.#waiting.splice(0)) task.reject(this.#failure);
      return;
    }
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const task = this.#waiting.shift() as Task;
      const thread = this.#idle.shift() as BlockThread;
      this.#busy.set(thread, task);
      thread.post(task.block);
    }
  }

  #settle(thread: BlockThread, result: BlockResult): void {
    const task = this.#busy.get(thread);
    this.#busy.delete(thread);
    this.#idle.push(thread);
    task?.resolve(result);
    this.#next();
  }

  /** One broken thread ends the work: its block is lost, and a second try would break it again. */
  #fail(error: Error): void {
    this.#failure ??= error;
    for (const task of this.#busy.values()) task.reject(this.#failure);
    this.#busy.clear();
    this.#next();
  }
}
