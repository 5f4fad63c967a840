import { expect, test } from 'vitest';
import { EngineError, toFailure } from '../../../src/engine/errors.ts';

function named(name: string, message = 'details'): Error {
  return Object.assign(new Error(message), { name });
}

test.each([
  [named('WebGPUNotAvailableError'), 'no-adapter'],
  [named('ShaderF16SupportError'), 'missing-feature'],
  [named('FeatureSupportError'), 'missing-feature'],
  [named('DeviceLostError'), 'device-lost'],
  [named('ContextWindowSizeExceededError'), 'prompt-too-long'],
  [new TypeError('Failed to fetch'), 'network'],
  [new RangeError('Array buffer allocation failed'), 'out-of-memory'],
  [new Error('something new'), 'load-failed'],
  ['thrown as text', 'load-failed'],
])('%s is sorted as %s', (error, code) => {
  expect(toFailure(error, 'load-failed').code).toBe(code);
});

test('an error of ours keeps its code and its words', () => {
  const error = new EngineError({ code: 'no-webgpu', detail: 'navigator.gpu is missing.' });
  expect(toFailure(error, 'load-failed')).toEqual({ code: 'no-webgpu', detail: 'navigator.gpu is missing.' });
});
