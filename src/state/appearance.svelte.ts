import { language } from './language.svelte.ts';
import type { Settings } from './settings.svelte.ts';

/** Keeps theme and language of the document as the settings say, for as long as the page lives. */
export function followAppearance(settings: Settings, root: HTMLElement): void {
  const apply = (): void => {
    language.chosen = settings.locale;
    root.lang = language.locale;
    if (settings.theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = settings.theme;
  };
  // At once, so that the first paint has the right colours.
  apply();
  $effect.root(() => {
    $effect(apply);
  });
}
