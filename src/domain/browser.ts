/** Browsers whose road to WebGPU differs. */
export type BrowserName = 'chrome' | 'edge' | 'firefox' | 'safari' | 'other';

export interface Browser {
  readonly name: BrowserName;
  readonly platform: 'windows' | 'mac' | 'linux' | 'android' | 'ios' | 'other';
}

/** Reads the browser from its user agent; only used to word advice, never to decide what runs. */
export function browserFrom(userAgent: string): Browser {
  const has = (word: string): boolean => userAgent.includes(word);
  const platform = has('Android')
    ? 'android'
    : /iPhone|iPad|iPod/.test(userAgent)
      ? 'ios'
      : has('Windows')
        ? 'windows'
        : has('Mac OS X')
          ? 'mac'
          : has('Linux')
            ? 'linux'
            : 'other';
  const name = has('Edg')
    ? 'edge'
    : has('Firefox/') || has('FxiOS/')
      ? 'firefox'
      : has('Chrome/') || has('CriOS/')
        ? 'chrome'
        : has('Safari/')
          ? 'safari'
          : 'other';
  return { name, platform };
}
