import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectivesFile, readObjectivesFile } from '../../../src/domain/objectives-file.ts';

const sentence = fc.string({ minLength: 1, maxLength: 80 }).map((text) => `Name: ${text.trim()}`.trim());

test('what is exported is imported again', () => {
  fc.assert(
    fc.property(fc.array(sentence), (sentences) => {
      expect(readObjectivesFile(objectivesFile(sentences))).toEqual({ ok: true, sentences });
    }),
  );
});

test.each([
  ['{', /JSON/],
  ['[]', /field "format"/],
  ['{"format":"metaaligner-history","version":1,"objectives":[]}', /field "format"/],
  ['{"format":"metaaligner-objectives","version":2,"objectives":[]}', /field "version": written by a later/],
  ['{"format":"metaaligner-objectives","version":1,"objectives":["a",3]}', /field "objectives.1"/],
  ['{"format":"metaaligner-objectives","version":1,"objectives":["  "]}', /field "objectives.0"/],
])('%s is refused, with the field that is wrong', (text, detail) => {
  const reading = readObjectivesFile(text);
  expect(reading.ok ? '' : reading.detail).toMatch(detail);
});
