interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

const ownScripts = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('own-scripts', {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin !== location.origin)
      throw new TypeError(`Not a script of ours: ${url}`);
    return url;
  },
});

/**
 * Marks the address of one of our own worker scripts as safe to run: the content security policy refuses plain
 * strings there. Browsers without Trusted Types get the string back.
 */
export function trustedScriptUrl(url: string): string {
  return (ownScripts?.createScriptURL(url) ?? url) as string;
}

/**
 * An address of the same worker script under the page's own content security policy. A worker from an address of the
 * host has the policy of that response's headers, on most static hosts none; one from a blob has its creator's.
 */
export function confinedScriptUrl(url: string): string {
  const script = `import ${JSON.stringify(new URL(url, document.baseURI).href)};`;
  return trustedScriptUrl(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
}
