import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainName, revisionOf, totalBytes } from '../../../src/weights/build.ts';
import { engineAddresses } from '../../../src/weights/model-cache.ts';

const source = {
  id: 'demo-q4f32_1',
  weights: 'https://example.org/m/',
  library: 'https://example.org/m/m.wasm',
};

describe('isPlainName', () => {
  it.each(['params_shard_0.bin', 'tensor-cache.json', 'Llama-2-7b-q4f16_1-webgpu.wasm'])(
    'takes %s',
    (name) => {
      expect(isPlainName(name)).toBe(true);
    },
  );

  it.each([
    '',
    '.',
    '..',
    '.hidden',
    '../x',
    'a/b',
    'a\\b',
    'a..b',
    'https://x.org/y',
    'a b',
    'ä.bin',
    'x'.repeat(300),
  ])('refuses %j', (name) => {
    expect(isPlainName(name)).toBe(false);
  });

  it('never takes a name that leaves its folder', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('.', '/', '\\', ':', 'a', '%', '2', 'e', '?', '#') }),
        (name) => {
          if (!isPlainName(name)) return;
          expect(new URL(name, 'https://example.org/folder/').href).toBe(
            `https://example.org/folder/${name}`,
          );
        },
      ),
    );
  });
});

describe('revisionOf', () => {
  it('is the one that is given, or follows from the digests', () => {
    expect(revisionOf({ ...source, revision: 'r7' })).toBe('r7');
    expect(revisionOf(source)).toBe('main');
    const one = revisionOf({ ...source, sha256: { a: 'AA', b: 'bb' } });
    expect(one).toMatch(/^[0-9a-f]{8}$/);
    // Neither the order nor the case of the digests says anything.
    expect(revisionOf({ ...source, sha256: { b: 'BB', a: 'aa' } })).toBe(one);
    expect(revisionOf({ ...source, sha256: { a: 'aa', b: 'bc' } })).not.toBe(one);
  });
});

describe('engineAddresses', () => {
  it('are addresses that WebLLM leaves as they are and that no network has', () => {
    const { model, modelLib } = engineAddresses({ id: 'a b', revision: 'main', library: 'm.wasm' });
    // Without /resolve/x/ WebLLM would append /resolve/main/.
    expect(model).toMatch(/.+\/resolve\/.+\//);
    expect(new URL(model).href).toBe(model);
    expect(new URL(model).hostname.endsWith('.invalid')).toBe(true);
    // WebLLM fetches a library past the cache when its address is relative or names localhost.
    expect(modelLib).toBe(`${model}m.wasm`);
    expect(modelLib.startsWith('http')).toBe(true);
    expect(modelLib).not.toContain('localhost');
  });
});

describe('totalBytes', () => {
  it('adds up sizes beyond 32 bits', () => {
    const file = { name: 'a', url: '', nbytes: 2 ** 31 };
    expect(totalBytes([file, file, file])).toBe(3 * 2 ** 31);
  });
});
