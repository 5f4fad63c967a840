import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { VIEWS } from '../../src/state/view.svelte.ts';
import { AlignerPage } from './page.ts';
import { alignmentRecord, historyUpload } from './records.ts';

/** WCAG 2.2 AA as far as axe can tell, and what it can't: keyboard, focus, announcements, widths and languages. */
const THEMES = ['light', 'dark'] as const;
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function expectNoViolations(page: Page): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  expect(passes.length).toBeGreaterThan(10);
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
  ).toEqual([]);
}

for (const theme of THEMES) {
  test(`axe finds nothing on any screen, ${theme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme: theme });
    const page = await context.newPage();
    for (const view of VIEWS) {
      await page.goto(`.?view=${view}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectNoViolations(page);
    }
    await page.context().close();
  });

  test(`axe finds nothing in the dialogs, the arrangement and a link's notice, ${theme}`, async ({
    browser,
  }) => {
    const context = await browser.newContext({
      colorScheme: theme,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const aligner = new AlignerPage(page);
    await page.goto('.');
    for (const name of ['Help', 'Settings']) {
      await page.getByRole('button', { name }).click();
      await expect(page.getByRole('dialog', { name })).toBeVisible();
      await expectNoViolations(page);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('button', { name })).toBeFocused();
    }
    await page.getByRole('button', { name: 'Order and own objectives' }).click();
    await expectNoViolations(page);
    await aligner.fill('Why?', 'Because.', ['Length']);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await expect(page.getByRole('status')).toHaveText('Copied.');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await page.goto('about:blank');
    await page.goto(link);
    await expect(page.getByRole('note')).toBeVisible();
    await expectNoViolations(page);
    await context.close();
  });
}

test.describe('a run by keyboard alone', () => {
  test.describe.configure({ mode: 'serial' });
  let page: Page;
  let aligner: AlignerPage;
  /** Every text that the status line had, in order: what a screen reader would say. */
  const said = (): Promise<string[]> =>
    page.evaluate(() => (globalThis as unknown as { said: string[] }).said);

  test.beforeAll(async ({ browser }) => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    page = await context.newPage();
    aligner = new AlignerPage(page);
    await page.goto('.');
    await expect(page.getByRole('status')).toBeAttached();
    await page.evaluate(() => {
      const status = document.querySelector('[role="status"]');
      const said: string[] = [];
      Object.assign(globalThis, { said });
      if (status)
        new MutationObserver(() => said.push(status.textContent)).observe(status, {
          subtree: true,
          childList: true,
          characterData: true,
        });
    });
  });

  test.afterAll(async () => {
    await page.context().close();
  });

  test('typing, choosing, running and deciding need no pointer, and the focus is never lost', async () => {
    await tabTo('Query');
    await page.keyboard.type('How do I keep bread fresh?');
    await page.keyboard.press('Tab');
    await page.keyboard.type('You should utilize a box. It always works perfectly.');
    await tabTo('Honesty');
    await page.keyboard.press('Space');
    await tabTo('Readability');
    await page.keyboard.press('Space');
    await tabTo('Align');
    await page.keyboard.press('Enter');
    await expect(aligner.stop).toBeFocused();
    await aligner.finished();
    await expect(aligner.align).toBeFocused();
    await tabTo(/^Change 1/);
    await expect(page.locator(':focus')).toHaveRole('button');
    await expect(page.locator(':focus')).toHaveAccessibleName('utilize use');
    await page.keyboard.press('Space');
    await expect(aligner.changes.locator('[aria-pressed="false"]')).toHaveCount(1);
    await expect(aligner.changes.locator('[aria-pressed="false"]')).toBeFocused();
  });

  test('the run was announced at its start and end, not word by word', async () => {
    const announcements = await said();
    expect(announcements.at(-1)).toBe('Done.');
    expect(announcements.length).toBeLessThan(12);
    const edited = (await aligner.editedAnswer.textContent()) ?? '';
    expect(announcements.every((text) => !text.includes(edited.slice(0, 20)))).toBe(true);
    const live = await page.locator('[aria-live], [role="status"], [role="alert"], [role="log"]').count();
    expect(live).toBe(1);
  });

  for (const theme of THEMES) {
    test(`axe finds nothing on a finished edit in any layout, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      for (const layout of ['Inline', 'Side by side', 'Merged']) {
        await aligner.changes.getByRole('radio', { name: layout }).check({ force: true });
        await expectNoViolations(page);
      }
    });
  }

  test('what goes away hands the focus on', async () => {
    await page.getByRole('button', { name: 'Clear' }).focus();
    await page.keyboard.press('Enter');
    await expect(aligner.query).toBeFocused();
  });

  test('"?" opens the help, but not while one types, and can be switched off', async () => {
    const help = page.getByRole('dialog', { name: 'Help' });
    await aligner.query.press('Shift+?');
    await expect(help).toBeHidden();
    await expect(aligner.query).toHaveValue('?');
    await aligner.objective('Honesty').press('Shift+?');
    await expect(help).toBeVisible();
    await help.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await expect(aligner.objective('Honesty')).toBeFocused();
    await page.keyboard.press('Shift+?');
    await expect(help).toBeHidden();
  });

  /** Presses Tab until the element of that name (or title) has the focus. */
  async function tabTo(name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    while (passed.length < 80) {
      await page.keyboard.press('Tab');
      const label = await page.evaluate(() => {
        const element = document.activeElement;
        const labels =
          element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
            ? element.labels
            : null;
        return (
          element?.getAttribute('title') ??
          element?.getAttribute('aria-label') ??
          labels?.[0]?.textContent ??
          element?.textContent ??
          ''
        ).trim();
      });
      if (typeof name === 'string' ? label === name : name.test(label)) return;
      passed.push(label.slice(0, 30));
    }
    throw new Error(`Tab never came to ${String(name)}, but to: ${passed.join(' · ')}`);
  }
});

test('whatever can be operated on any screen is reached with the Tab key and shows its focus', async ({
  browser,
}) => {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto('.');
  await page.getByRole('button', { name: 'Order and own objectives' }).click();
  await page.getByText('Exact prompt').click();
  for (const view of VIEWS) {
    if (view === 'batch') {
      await page.goto('?view=batch');
      const file = {
        name: 'a.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('query,text\nWhy?,Because.\n'),
      };
      await page.getByLabel(/^Open/).setInputFiles(file);
      await page.getByText('Export', { exact: true }).click();
    } else
      await page
        .getByRole('navigation', { name: 'Screens' })
        .getByRole('link')
        .nth(VIEWS.indexOf(view))
        .click();
    await expect(page.locator('nav [aria-current="page"]')).toHaveCount(1);
    await page.evaluate(() =>
      document.querySelectorAll('details').forEach((details) => (details.open = true)),
    );
    expect(await unreachable(page), view).toEqual([]);
  }
  const longest = await page.evaluate(() =>
    Math.max(
      0,
      ...document.getAnimations().map(({ effect }) => Number(effect?.getComputedTiming().activeDuration)),
    ),
  );
  expect(longest).toBeLessThan(1);
  await context.close();
});

/** What the Tab key never comes to, and what does not show that it has the focus, going once around the page. */
async function unreachable(page: Page): Promise<string[]> {
  const count = await page.evaluate(() => {
    const name = (element: Element): string => element.outerHTML.slice(0, 120);
    const operable = [
      ...document.querySelectorAll('a[href], button, input, select, textarea, summary'),
    ].filter(
      (element) => element.checkVisibility() && !element.matches(':disabled') && !element.closest('dialog'),
    );
    // Of a group of radio buttons the Tab key comes to one; the arrow keys go on from there.
    const once = operable.filter((element) => !element.matches('[type="radio"]:not(:checked)'));
    (document.activeElement as HTMLElement | null)?.blur();
    const seen = new Set<Element>();
    const dim = new Set<string>();
    document.addEventListener('focusin', ({ target }) => {
      const element = target as Element;
      seen.add(element);
      // What surrounds a control may show it, as a chip does for its checkbox.
      const around = [element, element.parentElement, element.parentElement?.parentElement];
      const shown = around.some(
        (candidate) => candidate && getComputedStyle(candidate).outlineStyle !== 'none',
      );
      if (!shown) dim.add(name(element));
    });
    Object.assign(globalThis, {
      tabbed: () => [...once.filter((element) => !seen.has(element)).map(name), ...dim],
    });
    return once.length;
  });
  // The browser's own controls take a turn of the Tab key, too.
  for (let presses = 0; presses < count + 8; presses++) await page.keyboard.press('Tab');
  return page.evaluate(() => (globalThis as unknown as { tabbed: () => string[] }).tabbed());
}

for (const width of [360, 768, 1280, 1920]) {
  test(`no screen needs sideways scrolling at ${width} px, and the button is in sight`, async ({
    browser,
  }) => {
    const context = await browser.newContext({ viewport: { width, height: 740 } });
    const page = await context.newPage();
    for (const view of VIEWS) {
      await page.goto(`.?view=${view}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(
        await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ),
      ).toBe(0);
    }
    await page.goto('.');
    await expect(page.getByRole('button', { name: 'Align', exact: true })).toBeInViewport({ ratio: 1 });
    await page.context().close();
  });
}

test('German by the browser’s language, English by choice, and both are kept', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'de-CH' });
  const page = await context.newPage();
  await page.goto('.');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.getByRole('button', { name: 'Anpassen', exact: true })).toBeVisible();
  await expectNoViolations(page);
  await page.getByRole('button', { name: 'Einstellungen' }).click();
  await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.waitForTimeout(800);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Align', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.context().close();
});

test('a download that fails says so in the language of the page', async ({ browser }) => {
  // The service worker would answer from its cache and hide the fault.
  const context = await browser.newContext({ locale: 'de', serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: 'Not here' }));
  await page.goto('.');
  await page.getByRole('button', { name: 'Modell laden' }).click();
  await expect(page.getByRole('alert')).toContainText(
    'Der Server hat für demo-q4f32_1.wasm mit 404 geantwortet. Der Modell-Build ist dort unvollständig, oder seine Adresse stimmt nicht.',
  );
  await page.getByRole('link', { name: 'Modelle' }).click();
  await page.getByRole('button', { name: 'Herunterladen: Demo aligner' }).click();
  await expect(page.getByRole('alert')).toContainText('Der Server hat für demo-q4f32_1.wasm mit 404');
  await page.getByText('MetaAligner UltraFeedback 1.1B holen').click();
  await page
    .getByLabel('Dateien wählen…: MetaAligner UltraFeedback 1.1B')
    .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no model') });
  await expect(page.getByRole('alert').filter({ hasText: 'config.json' })).toHaveText(
    'Unter den gewählten Dateien ist weder config.json (ein Checkpoint) noch mlc-chat-config.json (ein Modell-Build). Wählen Sie den Ordner, in dem sie liegt, oder alle seine Dateien.',
  );
  await context.close();
});

test('text from right to left is laid out from the right', async ({ page }) => {
  const aligner = new AlignerPage(page);
  await page.goto('.');
  await aligner.answer.fill('זו תשובה ארוכה.');
  expect(await aligner.answer.evaluate((field) => getComputedStyle(field).direction)).toBe('rtl');
  await aligner.answer.fill('This is an answer.');
  expect(await aligner.answer.evaluate((field) => getComputedStyle(field).direction)).toBe('ltr');

  // A finished edit in Hebrew, as an exported history would bring it.
  const record = alignmentRecord({
    query: 'למה השמיים כחולים?',
    answer: 'ובכן, השמיים כחולים מאוד, כי האוויר מפזר אור כחול.',
    editedAnswer: 'השמיים כחולים, כי האוויר מפזר אור.',
  });
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByLabel('Import…').setInputFiles(historyUpload([record]));
  await page.getByRole('button', { name: /^Reopen/ }).click();
  expect(await aligner.editedAnswer.evaluate((region) => getComputedStyle(region).direction)).toBe('rtl');
  const changes = aligner.changes.locator('[data-change]');
  await changes.first().focus();
  await page.keyboard.press('ArrowLeft');
  await expect(changes.nth(1)).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(changes.first()).toBeFocused();
});
