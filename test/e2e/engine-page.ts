import { readFileSync } from 'node:fs';
import type { Browser, Page } from '@playwright/test';
import type { GenerationSettings, KnownSelfCheck } from '../../src/engine/protocol.ts';
import type { BuildSource } from '../../src/weights/build.ts';
import { FaultServer } from './fault-server.ts';
import { serveHarness } from './weights-page.ts';

export const GREEDY: GenerationSettings = { temperature: 0, maxNewTokens: 1024, editShaped: true };
export const WEBLLM_GREEDY: GenerationSettings = { ...GREEDY, editShaped: false };

/** The real engine and weight store on a page of their own, for what the product's page has no need to show. */
export class EnginePage {
  private constructor(
    readonly page: Page,
    readonly server: FaultServer,
  ) {}

  static async open(browser: Browser): Promise<EnginePage> {
    const server = await FaultServer.start();
    await serveHarness(server, 'engine-harness');
    const page = await browser.newPage();
    await page.goto(`${server.origin}/index.html`);
    await page.waitForFunction(() => 'engineHarness' in globalThis);
    return new EnginePage(page, server);
  }

  async close(): Promise<void> {
    await this.page.close();
    await this.server.stop();
  }

  /** Serves a model build and a library from disk and loads them. */
  load(id: string, folder: string, library: string, selfCheck?: KnownSelfCheck) {
    const source = this.#publish(id, folder, library);
    return this.page.evaluate(([build, known]) => engineHarness.load(build, 2048, known), [
      source,
      selfCheck,
    ] as const);
  }

  /** Feeds a text to a model in every way; see `Steps`. */
  steps(id: string, folder: string, library: string, ids: readonly number[], cuts: readonly number[]) {
    const source = this.#publish(id, folder, library);
    return this.page.evaluate(([build, text, places]) => engineHarness.steps(build, 2048, text, places), [
      source,
      ids,
      cuts,
    ] as const);
  }

  #publish(id: string, folder: string, library: string): BuildSource {
    this.server.addFolder(folder, `${id}/`);
    this.server.files.set(`/${id}/library.wasm`, readFileSync(library));
    const { origin } = this.server;
    return { id, weights: `${origin}/${id}/`, library: `${origin}/${id}/library.wasm` };
  }

  tokenize(text: string) {
    return this.page.evaluate((prompt) => engineHarness.tokenize(prompt), text);
  }

  generate(prompt: string, answer: string, settings: GenerationSettings, stopAfter?: number) {
    return this.page.evaluate(
      ([text, edited, how, characters]) => engineHarness.generate(text, edited, how, characters),
      [prompt, answer, settings, stopAfter] as const,
    );
  }
}
