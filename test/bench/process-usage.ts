import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Largest memory at one moment beyond that at the start, in MB: resident memory that no file backs. */
  peakMb: number;
  /** Of all threads: what is left of the time on a machine that does nothing else. */
  cpuSeconds: number;
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    // The process has ended meanwhile.
    return '';
  }
}

/** A process and all that it started, by way of each process's parent (Linux). */
function family(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(Number(name), 'status'))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** The first process whose command line holds a text, such as the path of a browser's profile. */
export function findProcess(text: string): number {
  const found = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && read(pid, 'cmdline').includes(text))
    .sort((a, b) => a - b)[0];
  if (found === undefined) throw new Error(`No process was started with ${text}.`);
  return found;
}

function measure(root: number): { memoryMb: number; cpuSeconds: number } {
  let memory = 0;
  let ticks = 0;
  for (const pid of family(root)) {
    memory += Number(/RssAnon:\s+(\d+) kB/.exec(read(pid, 'status'))?.[1] ?? 0);
    // utime and stime, in ticks of 10 ms, are the 12th and 13th field behind the name in brackets.
    const stat = read(pid, 'stat');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return { memoryMb: memory * 1.024e-3, cpuSeconds: ticks / 100 };
}

/**
 * Watches a process and its children until `stop` is called, which answers with what they took since then. Of
 * processes that end before that only the memory counts.
 */
export function watchUsage(root: number): { stop: () => Usage } {
  const start = measure(root);
  const usage: Usage = { peakMb: 0, cpuSeconds: 0 };
  const sample = (): void => {
    const { memoryMb, cpuSeconds } = measure(root);
    usage.peakMb = Math.max(usage.peakMb, memoryMb - start.memoryMb);
    usage.cpuSeconds = Math.max(usage.cpuSeconds, cpuSeconds - start.cpuSeconds);
  };
  const timer = setInterval(sample, 50);
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return usage;
    },
  };
}
