import { render } from 'svelte/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserFrom } from '../../../src/domain/browser.ts';
import type { StreamedPiece } from '../../../src/domain/changes.ts';
import { EngineError } from '../../../src/engine/errors.ts';
import type { EngineErrorCode } from '../../../src/engine/protocol.ts';
import type { Alignment, Problem } from '../../../src/state/alignment.svelte.ts';
import { language, type Locale } from '../../../src/state/language.svelte.ts';
import type { ModelState, ModelStatus } from '../../../src/state/model.svelte.ts';
import type { ModelShelf } from '../../../src/state/models.svelte.ts';
import type { View } from '../../../src/state/view.svelte.ts';
import ChangeText from '../../../src/ui/ChangeText.svelte';
import FigureList from '../../../src/ui/FigureList.svelte';
import ModelLine from '../../../src/ui/ModelLine.svelte';
import Problems from '../../../src/ui/Problems.svelte';

/** What components show in states that no model and no fault brings about quickly; the end-to-end tests do the rest. */
beforeEach(() => {
  vi.stubGlobal('navigator', { languages: ['en'], userAgent: 'Mozilla/5.0 Chrome/130.0.0.0 Safari/537.36' });
});
afterEach(() => {
  vi.unstubAllGlobals();
  language.chosen = undefined;
});

/** Svelte marks its blocks with comments. */
function withoutComments(body: string): string {
  return body.replaceAll(/<!--.*?-->/g, '');
}

/** Text of the markup, with tags as spaces. */
function textOf(body: string): string {
  return withoutComments(body)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

describe('problems', () => {
  const show = (status: ModelStatus, problem?: Problem): string => {
    const model = { status } as unknown as ModelState;
    const alignment = { problem } as unknown as Alignment;
    return render(Problems, { props: { model, alignment } }).body;
  };

  test('nothing is shown where nothing is wrong', () => {
    expect(textOf(show({ kind: 'ready' }))).toBe('');
  });

  const codes: readonly EngineErrorCode[] = [
    'insecure-context',
    'no-webgpu',
    'no-adapter',
    'missing-feature',
    'out-of-memory',
    'network',
    'load-failed',
    'not-loaded',
    'prompt-too-long',
    'device-lost',
    'worker-crashed',
    'generation-failed',
  ];
  test.each((['en', 'de'] as const).flatMap((locale) => codes.map((code) => [code, locale] as const)))(
    'an engine that failed with %s says cause and next step (%s), and one can try again',
    (code: EngineErrorCode, locale: Locale) => {
      language.chosen = locale;
      const error = new EngineError({ code, detail: 'the part’s own words' });
      const body = show({ kind: 'failed', error });
      const { cause, next } = language.t.errors[code](browserFrom(navigator.userAgent));
      expect(body).toContain('role="alert"');
      for (const text of [cause, next, 'the part’s own words', language.t.tryAgain])
        expect(textOf(body)).toContain(text.trim());
      expect(cause.length).toBeGreaterThan(5);
    },
  );

  test('a lost device that failed the run too is told once', () => {
    const error = new EngineError({ code: 'device-lost', detail: 'lost' });
    const body = show({ kind: 'failed', error }, { kind: 'engine', error });
    expect(body.match(/role="alert"/g)).toHaveLength(1);
  });
});

describe('the model line', () => {
  const demo = { id: 'demo', name: 'Demo', architecture: {}, demo: true };
  const build = { quantization: 'q4f32_1', weights: './' };
  const shelf = {
    entryOf: () => ({ build, stored: { total: 5e6, state: 'partial' } }),
  } as unknown as ModelShelf;
  const view = { address: () => '#' } as unknown as View;
  const show = (status: ModelStatus): string => {
    const model = { status, chosen: demo, models: [demo] } as unknown as ModelState;
    return render(ModelLine, { props: { model, shelf, view } }).body;
  };

  test('a download whose size is not known yet is at 0 % and can be cancelled', () => {
    const body = show({ kind: 'downloading', progress: { phase: 'preparing', loaded: 0, total: 0 } });
    expect(body).toContain('aria-label="Model download"');
    expect(body).toContain('aria-valuenow="0"');
    expect(textOf(body)).toContain('Cancel');
  });

  test('a download under way says bytes, speed and time left', () => {
    const progress = { phase: 'downloading', loaded: 2e9, total: 4e9, speed: 1e7, secondsLeft: 200 } as const;
    const body = show({ kind: 'downloading', progress });
    expect(body).toContain('aria-valuenow="50"');
    expect(textOf(body)).toContain('2,000.0 of 4,000.0 MB · 10.0 MB/s · 4 min left');
  });
});

test('figures say why a library is decoded the ordinary way', () => {
  const figures = {
    promptTokens: 1200,
    replyTokens: 1,
    timeToFirstTokenSeconds: 0.5,
    prefillTokensPerSecond: 10,
    decodeTokensPerSecond: 2,
    totalSeconds: 1,
    decoding: { path: 'ordinary', reason: 'self-check-failed', detail: 'logits differ' },
  } as const;
  const text = textOf(render(FigureList, { props: { figures } }).body);
  expect(text).toContain('1,200 tokens');
  expect(text).toContain('(logits differ)');
});

test.each([
  ['both', 'Keep out in .', /<del[^>]*>out<\/del>\s*<ins[^>]*>in<\/ins>/],
  ['before', 'Keep out .', /<del[^>]*>out<\/del>/],
  ['after', 'Keep in .', /<ins[^>]*>in<\/ins>/],
] as const)('a change shown from the side "%s"', (side, text, markup) => {
  const pieces: readonly StreamedPiece[] = [
    { kind: 'same', text: 'Keep ' },
    { kind: 'change', deleted: 'out', inserted: 'in' },
    { kind: 'same', text: '.' },
  ];
  const { body } = render(ChangeText, { props: { pieces, side } });
  expect(withoutComments(body)).toMatch(markup);
  expect(textOf(body)).toBe(text);
});
