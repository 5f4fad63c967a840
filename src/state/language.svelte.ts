import { de } from '../domain/texts/de.ts';
import { en, type Texts } from '../domain/texts/en.ts';

export type Locale = 'en' | 'de';

/** The languages of the page, each under its own name. */
export const LOCALES: Readonly<Record<Locale, string>> = { en: 'English', de: 'Deutsch' };
const TEXTS: Readonly<Record<Locale, Texts>> = { en, de };

/** The language of the page: the one chosen, else the first of the browser's that there is. */
class Language {
  chosen = $state<Locale>();
  readonly locale: Locale = $derived(this.chosen ?? preferred(navigator.languages));
  readonly t: Texts = $derived(TEXTS[this.locale]);
}

/** @param tags BCP 47 tags in the order of preference, such as "de-CH" */
export function preferred(tags: readonly string[]): Locale {
  const languages = tags.map((tag) => tag.split('-')[0]?.toLowerCase());
  return languages.find((tag): tag is Locale => tag !== undefined && tag in TEXTS) ?? 'en';
}

export const language = new Language();
