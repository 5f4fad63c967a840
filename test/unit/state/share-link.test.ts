import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINK_LIMIT, readShareLink, shareLink } from '../../../src/state/share-link.ts';

const PAGE = 'https://example.org/app/?model=demo';
const shared = fc.record({
  query: fc.string({ unit: 'grapheme' }),
  answer: fc.string({ unit: 'grapheme', maxLength: 300 }),
  objectives: fc.array(fc.string()),
  family: fc.constantFrom('UltraFeedback' as const, 'HH-RLHF' as const, 'IMHI' as const),
});

test('what a link carries comes out of it, and stands in the fragment alone', async () => {
  await fc.assert(
    fc.asyncProperty(shared, async (content) => {
      const link = new URL(await shareLink(PAGE, content));
      expect(link.origin + link.pathname + link.search).toBe(PAGE);
      expect(link.hash).toMatch(/^#share=[\w-]+$/);
      expect(await readShareLink(link.hash)).toEqual({ kind: 'shared', shared: content });
    }),
    { numRuns: 50 },
  );
});

test('an answer of a thousand words fits into a link', async () => {
  const answer = Array.from({ length: 1000 }, (_, index) => `word${(index * 7919) % 997}`).join(' ');
  const link = await shareLink(PAGE, { query: 'Why?', answer, objectives: [], family: 'UltraFeedback' });
  expect(link.length).toBeLessThan(LINK_LIMIT);
});

test('other fragments are none of its business', async () => {
  expect(await readShareLink('')).toEqual({ kind: 'none' });
  expect(await readShareLink('#top')).toEqual({ kind: 'none' });
});

test('a link that was cut or changed is broken, never something else', async () => {
  const content = { query: 'Why?', answer: 'Because. '.repeat(40), objectives: [], family: 'IMHI' } as const;
  const { hash } = new URL(await shareLink(PAGE, content));
  for (const end of [8, 20, hash.length - 10, hash.length - 1])
    expect(await readShareLink(hash.slice(0, end))).toEqual({ kind: 'broken' });
  expect(await readShareLink('#share=not/base64')).toEqual({ kind: 'broken' });
});

test('a link of a later format is broken rather than misread', async () => {
  const later = new Blob(['{"v":2,"q":"","a":"","o":[],"f":"IMHI"}']).stream();
  const packed = await new Response(later.pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer();
  expect(await readShareLink(`#share=${Buffer.from(packed).toString('base64url')}`)).toEqual({
    kind: 'broken',
  });
});

test('a small link that unpacks to megabytes is refused', async () => {
  const bomb = new Blob(['{"v":1,"q":"', ' '.repeat(5_000_000), '"}']).stream();
  const packed = await new Response(bomb.pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer();
  expect(packed.byteLength).toBeLessThan(LINK_LIMIT);
  expect(await readShareLink(`#share=${Buffer.from(packed).toString('base64url')}`)).toEqual({
    kind: 'broken',
  });
});
