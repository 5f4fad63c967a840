import { expect, type Locator, type Page } from '@playwright/test';

/** The page by the names that its contract gives (see CONTRIBUTING.md). */
export class AlignerPage {
  readonly query: Locator;
  readonly answer: Locator;
  readonly objectives: Locator;
  readonly align: Locator;
  readonly stop: Locator;
  readonly editedAnswer: Locator;
  readonly changes: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.query = page.getByRole('textbox', { name: 'Query', exact: true });
    this.answer = page.getByRole('textbox', { name: 'Answer', exact: true });
    this.objectives = page.getByRole('group', { name: 'Objectives' });
    this.align = page.getByRole('button', { name: 'Align', exact: true });
    this.stop = page.getByRole('button', { name: 'Stop', exact: true });
    this.editedAnswer = page.getByRole('region', { name: 'Edited answer' });
    this.changes = page.getByRole('region', { name: 'Changes' });
    this.alert = page.getByRole('alert');
  }

  objective(name: string): Locator {
    return this.objectives.getByRole('checkbox', { name, exact: true });
  }

  async fill(query: string, answer: string, objectives: readonly string[]): Promise<void> {
    await this.query.fill(query);
    await this.answer.fill(answer);
    for (const box of await this.objectives.getByRole('checkbox').all()) await box.uncheck();
    for (const name of objectives) await this.objective(name).check();
  }

  /** Waits until the run is over: Align is there again and the answer is whole. */
  async finished(): Promise<void> {
    await expect(this.align).toBeVisible({ timeout: 120_000 });
    await expect(this.editedAnswer).toHaveAttribute('aria-busy', 'false');
  }
}
