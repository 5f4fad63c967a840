import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { provideChromium } from './chromium.ts';

/**
 * Everything that must hold, in one command. Prints what each step found and ends with "N passed, N failed": the
 * tests of both runners by their own count, and each static check as one.
 */

interface Count {
  passed: number;
  failed: number;
}

const RESULTS = 'test/results';
const steps: { name: string; count: Count; seconds: number }[] = [];

function run(name: string, command: string[], count: (exitCode: number) => Count): void {
  console.log(`\n── ${name}`);
  const started = Date.now();
  const [program = '', ...parameters] = command;
  const { status } = spawnSync(program, parameters, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  const result = count(status ?? 1);
  // A runner that ended badly without naming a failed test (a crash, a broken configuration) has failed all the same.
  if (status !== 0 && result.failed === 0) result.failed = 1;
  steps.push({ name, count: result, seconds: Math.round((Date.now() - started) / 1000) });
}

function check(name: string, command: string[]): void {
  run(name, command, (exitCode) => (exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }));
}

function report(file: string): unknown {
  try {
    return JSON.parse(readFileSync(`${RESULTS}/${file}`, 'utf8'));
  } catch {
    return {};
  }
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
console.log(`Testing with ${provideChromium()}`);

check('format', ['npx', 'prettier', '--check', '.']);
check('lint', ['npx', 'eslint', '.']);
check('types', ['npx', 'svelte-check', '--tsconfig', 'tsconfig.json', '--fail-on-warnings']);
check('unused code', ['npx', 'knip']);
run(
  'unit tests',
  ['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}/unit.json`],
  () => {
    const { numPassedTests = 0, numFailedTests = 0 } = report('unit.json') as Record<string, number>;
    return { passed: numPassedTests, failed: numFailedTests };
  },
);
run('end-to-end tests', ['npx', 'playwright', 'test', '--config', 'test/playwright.config.ts'], () => {
  const { stats = {} } = report('e2e.json') as { stats?: Record<string, number> };
  const { expected = 0, unexpected = 0, flaky = 0 } = stats;
  // A test that passed only at the second try is a defect.
  return { passed: expected, failed: unexpected + flaky };
});

/** Failed tests by name, said again where the output ends, since a log is read from there. */
function failedTests(): string[] {
  const { testResults: files = [] } = report('unit.json') as {
    testResults?: {
      name: string;
      message: string;
      assertionResults: Record<'status' | 'fullName', string>[];
    }[];
  };
  const { suites = [] } = report('e2e.json') as { suites?: Suite[] };
  return [
    ...files.flatMap(({ name, message, assertionResults }) => [
      ...(message === '' ? [] : [`${name}: ${message}`]),
      ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    ]),
    ...suites.flatMap(failedIn),
  ];
}

interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs: readonly { readonly ok: boolean; readonly file: string; readonly title: string }[];
}

function failedIn({ suites = [], specs }: Suite): string[] {
  return [
    ...specs.filter(({ ok }) => !ok).map(({ file, title }) => `${file} › ${title}`),
    ...suites.flatMap(failedIn),
  ];
}

console.log('');
for (const name of failedTests()) console.log(`failed: ${name}`);
for (const { name, count, seconds } of steps)
  console.log(`${name.padEnd(18)} ${count.passed} passed, ${count.failed} failed (${seconds} s)`);
const sum = (key: keyof Count): number => steps.reduce((total, { count }) => total + count[key], 0);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
