import { defineConfig } from '@playwright/test';
import { findChromium, QUIET_FLAGS, webgpuFlags } from './chromium.ts';

/** End-to-end tests: the built app, served as a static host would, in a real Chromium with real WebGPU. */
const port = 4273;
const executablePath = findChromium();

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'results/e2e',
  // The software adapter uses every core there is; two browsers at once would only take turns.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list'], ['json', { outputFile: 'results/e2e.json' }]],
  use: {
    baseURL: `http://localhost:${port}/`,
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'allow',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    launchOptions: {
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox', ...QUIET_FLAGS, ...webgpuFlags()],
    },
  },
  webServer: {
    command: `npx vite build && npx vite preview --port ${port} --strictPort`,
    cwd: '..',
    url: `http://localhost:${port}/`,
    // A server left over from an interrupted run would serve an old build.
    reuseExistingServer: false,
    timeout: 120_000,
  },
});
