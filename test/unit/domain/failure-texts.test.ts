import { expect, test } from 'vitest';
import { conversionDe } from '../../../src/domain/texts/conversion.de.ts';
import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { de } from '../../../src/domain/texts/de.ts';
import { en } from '../../../src/domain/texts/en.ts';
import { failureText } from '../../../src/domain/texts/failures.ts';
import { weightsDe } from '../../../src/domain/texts/weights.de.ts';
import { weightsEn } from '../../../src/domain/texts/weights.en.ts';
import { ConversionError } from '../../../src/weights/checkpoint/errors.ts';
import { describeFailure, restoreError } from '../../../src/weights/convert/protocol.ts';
import { WeightError } from '../../../src/weights/errors.ts';

type Text = string | ((values: never) => string);

/** Has nothing but values in it, so that it is the same in every language. */
const WITHOUT_WORDS = ['usage'];

/** A text and the values that it names. */
function written(text: Text | undefined): { text: string; named: string[] } {
  if (typeof text !== 'function') return { text: text ?? '', named: [] };
  const named = new Set<string>();
  const values = new Proxy(
    {},
    {
      get: (_, name) => {
        named.add(String(name));
        return { says: name, join: () => String(name), toString: () => String(name) };
      },
    },
  );
  return { text: text(values as never), named: [...named].sort() };
}

test.each<[string, Record<string, Text>, Record<string, Text>]>([
  ['weights', weightsEn, weightsDe],
  ['reasons', conversionEn.reasons, conversionDe.reasons],
  ['next', conversionEn.next, conversionDe.next],
  ['warnings', conversionEn.warnings, conversionDe.warnings],
])('%s: German names what English names, in other words', (_, english, german) => {
  expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  for (const [name, text] of Object.entries(english)) {
    const [here, there] = [written(text), written(german[name])];
    expect(there.named, name).toEqual(here.named);
    expect(there.text, name).not.toBe('');
    if (!WITHOUT_WORDS.includes(name)) expect(there.text, name).not.toBe(here.text);
  }
});

test('an error comes out of its worker as it was and is said in the language of the page', () => {
  const damage = { says: 'other-length-offered', file: 'a.bin', offered: undefined, announced: 3 } as const;
  const failed = new WeightError('bad-file', { says: 'in-vain', file: 'a.bin', damage, times: 3 });
  const back = restoreError(structuredClone(describeFailure(failed)));
  expect(back).toMatchObject({ name: 'WeightError', code: 'bad-file', file: 'a.bin' });
  expect(failureText(back, en)).toBe(failed.message);
  expect(failureText(back, en)).toMatch(
    /^The server offers a\.bin with other bytes instead of 3\. It was fetched 3/,
  );
  expect(failureText(back, de)).toMatch(/^Der Server bietet a\.bin mit anderen Bytes statt 3 an\. Die Datei/);

  const refused = new ConversionError('bad-header', {
    file: 'a.safetensors',
    tensor: 'w',
    reason: { says: 'header-beyond', claimed: 2n ** 64n - 1n, left: 4 },
    next: 'download-header-again',
  });
  const told = restoreError(structuredClone(describeFailure(refused)));
  expect(told.message).toBe(refused.message);
  expect(failureText(told, en)).toBe(
    'a.safetensors, tensor w: The header claims 18446744073709551615 bytes, but only 4 follow. The file is damaged or incomplete: download it again.',
  );
  expect(failureText(told, de)).toBe(
    'a.safetensors, Tensor w: Der Kopf soll 18446744073709551615 Bytes lang sein, es folgen aber nur 4. Die Datei ist beschädigt oder unvollständig: Laden Sie sie noch einmal herunter.',
  );
});

test('an error that the page has no words for says its own', () => {
  expect(failureText(new Error('Out of luck.'), de)).toBe('Out of luck.');
});
