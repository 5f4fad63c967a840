import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, preview } from 'vite';
import { findChromium, QUIET_FLAGS } from '../chromium.ts';
import { report, type Row } from './report.ts';
import type { ChangesTiming } from './changes-page/main.ts';

/**
 * Main-thread milliseconds for each update of the changes while an edited answer of 1,024 tokens streams in, layout
 * included: answer and edited answer of 780 words (about 1.3 tokens a word), in three degrees of likeness. Of each update
 * the fastest of `ROUNDS` counts, so that other work of the machine is left out. The reference is the `diff` package
 * comparing both whole texts once.
 *
 *   npm run bench:changes
 */
const WORDS = 780;
const ROUNDS = 10;
/** What one update may take. */
const LIMIT_MS = 8;

const VOCABULARY =
  'the of a to and in that it for on with as are was this have or by from not but at an they which one you all there would their we who will more if out so what up about than into them can only other time new some could these may first then do any like my now over such our even most made after also did many must well back through years much where your way down should because long each just state people how little good water work house part place world find under line year hand high every home'.split(
    ' ',
  );

/** A linear congruential generator: the same texts in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}

function words(next: () => number): string[] {
  return Array.from({ length: WORDS }, (_, index) => {
    const word = VOCABULARY[Math.floor(next() * VOCABULARY.length)] ?? '';
    return index % 14 === 13 ? `${word}.` : word;
  });
}

const next = random(7);
const answer = words(next);
const cases: Record<string, string[]> = {
  'one word in eight replaced': answer.map((word) =>
    next() < 0.125 ? (VOCABULARY[Math.floor(next() * VOCABULARY.length)] ?? '') : word,
  ),
  'every other sentence rewritten': answer.map((word, index) =>
    Math.floor(index / 14) % 2 === 0 ? word : (VOCABULARY[Math.floor(next() * VOCABULARY.length)] ?? ''),
  ),
  'nothing in common but words': words(next),
};

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The fastest of several rounds, update by update. */
function fastest(rounds: readonly ChangesTiming[]): ChangesTiming {
  const least = (pick: (timing: ChangesTiming) => number): number => Math.min(...rounds.map(pick));
  return {
    updates: (rounds[0]?.updates ?? []).map((_, index) => least(({ updates }) => updates[index] ?? Infinity)),
    review: least(({ review }) => review),
    wholeDiff: least(({ wholeDiff }) => wholeDiff),
  };
}

const outDir = mkdtempSync(join(tmpdir(), 'changes-bench-'));
const rows: Row[] = [];
try {
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'changes-page'),
    logLevel: 'error',
    plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
    build: { outDir, emptyOutDir: true, target: 'es2023' },
  });
  const server = await preview({
    configFile: false,
    logLevel: 'error',
    build: { outDir },
    preview: { port: 0 },
  });
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox', ...QUIET_FLAGS],
  });
  try {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    for (const [name, edited] of Object.entries(cases)) {
      const rounds: ChangesTiming[] = [];
      for (let round = 0; round < ROUNDS; round++)
        rounds.push(
          await page.evaluate(([before, after]) => measureChanges(before, after), [
            answer.join(' '),
            edited.join(' '),
          ] as const),
        );
      const { updates, review, wholeDiff } = fastest(rounds);
      const row = (what: string, ours: number): Row => ({
        case: `${name}: ${what}`,
        unit: 'ms',
        ours,
        reference: wholeDiff,
        better: 'lower',
      });
      const slowest = Math.max(...updates);
      rows.push(
        row('median update', quantile(updates, 0.5)),
        row('slowest update', slowest),
        row('review at the end', review),
      );
      if (slowest > LIMIT_MS) {
        console.error(`${name}: an update took ${slowest.toFixed(1)} ms, more than ${LIMIT_MS}.`);
        process.exitCode = 1;
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
report('changes', rows);
