import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as WebTokenizers from '@mlc-ai/web-tokenizers';

const require = createRequire(import.meta.url);

/** The tokenizer program that WebLLM bundles, reading a tokenizer.json of Hugging Face's format. */
export async function loadTokenizer(file: string): Promise<WebTokenizers.Tokenizer> {
  // The package is a UMD script labelled as an ES module: under Node it calls a CommonJS `require`, wants
  // `__filename`, and leaves its exports on the global object.
  const scope = globalThis as { tokenizers?: typeof WebTokenizers };
  Object.assign(scope, { require, __filename: import.meta.filename, __dirname: import.meta.dirname });
  await import('@mlc-ai/web-tokenizers');
  if (!scope.tokenizers) throw new Error('@mlc-ai/web-tokenizers left no global "tokenizers".');
  return scope.tokenizers.Tokenizer.fromJSON(new Uint8Array(readFileSync(file)).buffer);
}

/** A file of an installed package. */
export function packageFile(specifier: string): string {
  return require.resolve(specifier);
}
