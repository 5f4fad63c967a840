import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Hosts the page may talk to besides its own: the Hugging Face Hub (checkpoints; it redirects to its storage hosts)
 * and the place where WebLLM keeps its compiled libraries. `CONNECT_SRC` adds a host's own model server at build time.
 */
const CONNECT_SRC = [
  "'self'",
  'https://huggingface.co',
  'https://*.huggingface.co',
  'https://*.hf.co',
  'https://raw.githubusercontent.com',
  ...(process.env.CONNECT_SRC?.split(/\s+/).filter(Boolean) ?? []),
];

/**
 * The policy is a <meta> tag because a static host may not let its user set headers. Only builds get it: Vite's
 * development server injects styles and scripts that no strict policy allows.
 */
function contentSecurityPolicy(): Plugin {
  const policy = [
    "default-src 'none'",
    // WebLLM compiles its tokenizer and the model library as WebAssembly; no eval is allowed.
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src ${CONNECT_SRC.join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' },
      ],
    },
  };
}

export default defineConfig({
  root: 'src',
  publicDir: '../public',
  // Relative addresses, so that dist/ works from any subpath of any static host.
  base: './',
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } }), contentSecurityPolicy()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2023',
    // The engine chunk (WebLLM with its tokenizer and grammar programs) is about 6.8 MB and loads only in the worker.
    chunkSizeWarningLimit: 8000,
  },
  worker: { format: 'es' },
  test: {
    root: '.',
    include: ['test/unit/**/*.test.ts'],
    environment: 'node',
    expect: { requireAssertions: true },
    testTimeout: 20_000,
  },
});
