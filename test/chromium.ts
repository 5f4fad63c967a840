import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

/** Names under which Chromium and its kin are installed, most faithful first. */
const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge',
];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * Path of a Chromium to test with: `CHROMIUM` in the environment, an installed one, or Playwright's own.
 * Undefined when there is none.
 */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named !== undefined) {
    if (!existsSync(named)) throw new Error(`CHROMIUM names ${named}, which does not exist.`);
    return named;
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const installed = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...installed, ...APPLICATIONS, chromium.executablePath()].find(isExecutable);
}

/** Finds a Chromium or installs one: Playwright's, else Debian's package when this is Debian and we are root. */
export function provideChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  console.log('No Chromium or Chrome is installed; fetching one.');
  const tries: [string, string[]][] = [['npx', ['playwright', 'install', '--with-deps', 'chromium']]];
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version'))
    tries.push(
      ['apt-get', ['update']],
      ['apt-get', ['install', '-y', '--no-install-recommends', 'chromium']],
    );
  for (const [command, parameters] of tries) {
    spawnSync(command, parameters, { stdio: 'inherit', timeout: 10 * 60_000 });
    const installed = findChromium();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'No Chromium could be installed. Install Chrome or Chromium, or name one: CHROMIUM=/path npm test',
  );
}

/**
 * Flags for WebGPU in a headless Chromium. Linux machines mostly test without a graphics card, so they get the
 * software adapter unless `WEBGPU_ADAPTER=hardware` asks for the real one.
 */
export function webgpuFlags(): string[] {
  const hardware =
    (process.env.WEBGPU_ADAPTER ?? (process.platform === 'linux' ? 'software' : 'hardware')) === 'hardware';
  return [
    '--enable-unsafe-webgpu',
    ...(hardware ? ['--enable-features=Vulkan'] : ['--use-webgpu-adapter=swiftshader']),
  ];
}

/** A headless Chromium asks its maker's servers all sorts of things at start; a test needs none of the answers. */
export const QUIET_FLAGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
