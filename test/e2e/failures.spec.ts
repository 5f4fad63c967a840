import { chromium, expect, test, type Browser, type Page } from '@playwright/test';
import { QUIET_FLAGS, webgpuFlags } from '../chromium.ts';
import { AlignerPage } from './page.ts';

/** Whatever goes wrong, the page says what and what to do next, keeps the form usable and tries again at a click. */

/** A browser of its own, since what WebGPU offers is decided when it starts. */
async function launch(flags: readonly string[]): Promise<Browser> {
  const { launchOptions } = test.info().project.use;
  return chromium.launch({ ...launchOptions, args: ['--no-sandbox', ...QUIET_FLAGS, ...flags] });
}

async function fillAndAlign(page: Page): Promise<AlignerPage> {
  const aligner = new AlignerPage(page);
  await aligner.fill('Why?', 'Because it always works.', ['Honesty']);
  await aligner.align.click();
  return aligner;
}

async function expectFormUsable(aligner: AlignerPage): Promise<void> {
  await expect(aligner.answer).toHaveValue('Because it always works.');
  await aligner.answer.fill('Another answer.');
  await expect(aligner.align).toBeEnabled();
}

test.describe('what the browser lacks', () => {
  test('no graphics adapter: the alert says so, and one click tries again', async ({ baseURL }) => {
    const browser = await launch(['--disable-gpu']);
    const page = await browser.newPage();
    await page.goto(baseURL ?? '');
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toContainText('offers no graphics adapter');
    await expectFormUsable(aligner);
    await aligner.alert.getByRole('button', { name: 'Try again' }).click();
    await expect(aligner.alert).toContainText('offers no graphics adapter');
    await browser.close();
  });

  test('no WebGPU: the alert says where to get it', async ({ baseURL }) => {
    const browser = await launch(['--disable-gpu']);
    const page = await browser.newPage();
    // Chromium has no switch that takes the interface away; browsers without WebGPU lack this very property.
    await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'));
    await page.goto(baseURL ?? '');
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toContainText('has no WebGPU');
    await expect(aligner.alert).toContainText('113');
    await expectFormUsable(aligner);
    await browser.close();
  });

  test('no secure context: the alert asks for https', async ({ baseURL }) => {
    const browser = await launch([...webgpuFlags(), '--host-resolver-rules=MAP aligner.test 127.0.0.1']);
    const page = await browser.newPage();
    await page.goto((baseURL ?? '').replace('localhost', 'aligner.test'));
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toContainText('https');
    await expectFormUsable(aligner);
    await browser.close();
  });
});

test.describe('what breaks', () => {
  // The service worker would answer from its cache and hide the faults.
  test.use({ serviceWorkers: 'block' });

  test('a library that is not there: named, and loaded at the next try', async ({ page }) => {
    await page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: 'Not here' }));
    await page.goto('.');
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toContainText('.wasm');
    await expectFormUsable(aligner);
    await page.unroute('**/*.wasm');
    await aligner.alert.getByRole('button', { name: 'Try again' }).click();
    await aligner.finished();
    await expect(aligner.alert).toHaveCount(0);
    await expect(aligner.editedAnswer).not.toBeEmpty();
  });

  test('a library that is damaged: the alert says that the model could not be loaded', async ({ page }) => {
    await page.route('**/*.wasm', (route) =>
      route.fulfill({ body: 'not a program', contentType: 'application/wasm' }),
    );
    await page.goto('.');
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toBeVisible();
    await expectFormUsable(aligner);
  });

  test('a worker that cannot start', async ({ page }) => {
    await page.route('**/engine-worker-*.js', (route) => route.fulfill({ status: 404, body: '' }));
    await page.goto('.');
    const aligner = await fillAndAlign(page);
    await expect(aligner.alert).toContainText('stopped unexpectedly');
    await expectFormUsable(aligner);
  });

  test('loading shows its phase and can be cancelled, and starts over when asked', async ({ page }) => {
    await page.goto('.');
    await page.getByRole('button', { name: 'Load model' }).click();
    const loading = page.getByRole('progressbar', { name: /Model (loading|download)/ });
    await expect(loading).toHaveAttribute('aria-valuenow', /\d+/);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await expect(loading).toHaveCount(0);
    await page.getByRole('button', { name: 'Load model' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'is ready' })).toBeVisible({ timeout: 60_000 });
  });
});
