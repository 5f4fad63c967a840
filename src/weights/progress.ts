/** What a long job on a model build is doing. Sizes in bytes. */
export interface Progress {
  readonly phase: 'preparing' | 'downloading' | 'waiting' | 'checking';
  readonly loaded: number;
  /** 0 while it is not known yet. */
  readonly total: number;
  /** Bytes a second over the last few seconds; undefined until there is something to measure. */
  readonly speed?: number;
  /** Seconds to go at that speed. */
  readonly secondsLeft?: number;
}

/** Speed over a sliding window, so that a pause or a resumed start does not distort it. */
export class Speedometer {
  readonly #samples: { at: number; bytes: number }[] = [];

  constructor(private readonly window = 5000) {}

  /** `bytes` here at time `at` (milliseconds). A total that fell (a file started over) restarts the measurement. */
  add(bytes: number, at: number): void {
    const last = this.#samples.at(-1);
    if (last && bytes < last.bytes) this.#samples.length = 0;
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= this.window)
      this.#samples.shift();
  }

  /** Bytes a second, or undefined before half a second of samples. */
  get speed(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 500) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** What a Progress says of the pace towards `total` bytes; nothing before there is something to measure. */
  paceTo(total: number): Pick<Progress, 'speed' | 'secondsLeft'> {
    const { speed } = this;
    if (speed === undefined || speed <= 0) return {};
    return { speed, secondsLeft: (total - (this.#samples.at(-1)?.bytes ?? 0)) / speed };
  }
}

/** Adds up the files of one job and reports at most every `interval` milliseconds. */
export class ProgressReport {
  readonly #files = new Map<string, number>();
  readonly #waiting = new Set<string>();
  readonly #speedometer = new Speedometer();
  #last = -Infinity;

  constructor(
    private readonly phase: 'downloading' | 'checking',
    private readonly total: number,
    private readonly report: (progress: Progress) => void,
    private readonly interval = 200,
  ) {}

  /** Bytes of `name` that are done, however they came here. */
  set(name: string, bytes: number): void {
    this.#files.set(name, bytes);
    if (performance.now() - this.#last >= this.interval) this.#emit();
  }

  setWaiting(name: string, waiting: boolean): void {
    if (waiting) this.#waiting.add(name);
    else this.#waiting.delete(name);
    this.#emit();
  }

  #emit(): void {
    this.#last = performance.now();
    let loaded = 0;
    for (const bytes of this.#files.values()) loaded += bytes;
    this.#speedometer.add(loaded, this.#last);
    this.report({
      phase: this.#waiting.size > 0 ? 'waiting' : this.phase,
      loaded,
      total: this.total,
      ...this.#speedometer.paceTo(this.total),
    });
  }
}
