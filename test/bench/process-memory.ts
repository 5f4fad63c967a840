import { readdirSync, readFileSync } from 'node:fs';

/** Adds up the memory of a process and all its children (Linux); shared pages are counted once. Bytes. */
function treeMemory(root: number): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readQuietly(`/proc/${pid}/stat`);
    // The parent is the second field behind the name, which is in brackets and may hold anything.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  let total = 0;
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    total += Number(/^Pss:\s+(\d+) kB/m.exec(readQuietly(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
    queue.push(...(children.get(pid) ?? []));
  }
  return total;
}

/** Samples a process tree's memory until stopped. */
export class MemorySampler {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pid: number, everyMs = 250) {
    this.#timer = setInterval(() => {
      this.#samples.push({ at: Date.now(), bytes: treeMemory(pid) });
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Largest sample between two times (milliseconds since 1970); 0 without one. */
  peak(from: number, to: number): number {
    return Math.max(0, ...this.#samples.filter(({ at }) => at >= from && at <= to).map(({ bytes }) => bytes));
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process has ended.
  }
}
