import { en, type Texts } from '../domain/texts/en.ts';

/** The language of the page. */
class Language {
  readonly t: Texts = en;
}

export const language = new Language();
