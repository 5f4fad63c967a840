import { modelLibURLPrefix, modelVersion } from '@mlc-ai/web-llm';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig } from 'vitest/config';

/**
 * The policy is a <meta> tag because a static host may not let its user set headers. Only builds get it: Vite's
 * development server injects styles and scripts that no strict policy allows.
 */
function contentSecurityPolicy(): Plugin {
  const policy = [
    "default-src 'none'",
    // WebLLM compiles its tokenizer and the model library as WebAssembly; no eval is allowed.
    "script-src 'self' 'wasm-unsafe-eval'",
    // Models come from other hosts, but only the weights' workers fetch them: they see no text, and are not bound.
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    // The engine's worker starts from a blob, because such a worker is bound by this policy too (src/own-scripts.ts).
    "worker-src 'self' blob:",
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
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}

/**
 * The page and the engine's program, kept by a service worker so that they start without a network. Models are not
 * its business: they are in IndexedDB (src/weights). A new version waits until the person takes it.
 */
const offlineShell = VitePWA({
  registerType: 'prompt',
  // src/main.ts registers it: the content security policy accepts no plain string there.
  injectRegister: null,
  includeManifestIcons: false,
  manifest: {
    id: './',
    name: 'MetaAligner Web',
    short_name: 'MetaAligner',
    description: 'Edit an answer so that it meets the objectives you choose, in this browser.',
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: '#faf9f6',
    theme_color: '#0b5d57',
    icons: [
      { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
    ],
  },
  workbox: {
    globPatterns: ['**/*.{html,js,css,png,svg}'],
    globIgnores: ['models/**'],
    navigateFallbackDenylist: [/\/models\//],
    // The engine chunk is about 7 MB; Workbox leaves out whatever is above 2 MiB unless told otherwise.
    maximumFileSizeToCacheInBytes: 16 * 2 ** 20,
    // ?model=… and ?view=… open states of the one page.
    ignoreURLParametersMatching: [/.*/],
    cleanupOutdatedCaches: true,
    inlineWorkboxRuntime: true,
    sourcemap: false,
  },
});

export default defineConfig({
  root: 'src',
  publicDir: '../public',
  // Relative addresses, so that dist/ works from any subpath of any static host.
  base: './',
  // Missing files are 404, as on a static host, and never the page itself.
  appType: 'mpa',
  // Where the engine's makers publish the libraries for this version of it. Only the worker may load the engine itself.
  define: { PREBUILT_LIBRARIES: JSON.stringify(`${modelLibURLPrefix}${modelVersion}/`) },
  plugins: [
    svelte({ configFile: false, compilerOptions: { runes: true } }),
    contentSecurityPolicy(),
    offlineShell,
  ],
  // A name that is no secure context, for the test of what the page says there; `.test` is reserved for such use.
  preview: { allowedHosts: ['aligner.test'] },
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
