import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Build } from '../../../src/weights/build.ts';
import type { Patience } from '../../../src/weights/http.ts';
import { BuildStore } from '../../../src/weights/store.ts';
import { Pace, transfer } from '../../../src/weights/transfer.ts';
import type { FaultServer } from '../../e2e/fault-server.ts';
import { seededBytes } from '../../e2e/synthetic-build.ts';
import { useNetwork } from './network.ts';

const MIB = 2 ** 20;
const patience: Patience = { attempts: 2, firstWait: 10, longestWait: 20, stall: 10_000 };
const content = seededBytes(12 * MIB + 3, 1);
const build: Build = { id: 'm', revision: 'r', library: 'm.wasm', files: [] };
const network = useNetwork(content);
let server: FaultServer;
let pace: Pace;
let databases = 0;

beforeEach(() => {
  ({ server } = network);
  pace = new Pace();
});

/** Transfers the file into a fresh store; returns where each request for it began. */
async function starts(): Promise<(number | undefined)[]> {
  const store = new BuildStore(`transfer-test-${databases++}`);
  const md5 = createHash('md5').update(content).digest('hex');
  const file = { name: 'a.bin', url: `${server.origin}/a.bin`, nbytes: content.length, md5 };
  await transfer(store, build, file, {
    signal: new AbortController().signal,
    patience,
    pace,
    onReceived: () => undefined,
    onWaiting: () => undefined,
  });
  const stored = await (await store.open('m', 'r', 'a.bin'))?.arrayBuffer();
  expect(Buffer.compare(Buffer.from(stored ?? new ArrayBuffer()), content)).toBe(0);
  return server.answers.map(({ from }) => from);
}

const slow = () => {
  pace.came(MIB, 1000);
};
const fast = () => {
  pace.came(1000 * MIB, 1000);
};

describe('transfer', () => {
  it('streams a file in one piece from a slow network', async () => {
    slow();
    expect(await starts()).toEqual([undefined]);
  });

  it('asks a fast one for a part at a time', async () => {
    vi.spyOn(pace, 'came').mockImplementation(() => undefined);
    vi.spyOn(pace, 'isFast', 'get').mockReturnValue(true);
    expect(await starts()).toEqual([0, 5 * MIB, 10 * MIB]);
    expect(server.sent()).toBe(content.length);
  });

  it('begins with one part where the speed is not known yet', async () => {
    const [first, second] = await starts();
    expect([first, second]).toEqual([0, 5 * MIB]);
  });

  it('loses one slice at most when a fast network breaks, and streams from there', async () => {
    fast();
    server.once('/a.bin', { kind: 'drop', after: 4 * MIB });
    expect(await starts()).toEqual([0, undefined]);
  });

  it('fetches a file again whose slices were wrong', async () => {
    fast();
    server.once('/a.bin', { kind: 'corrupt', at: 2 * MIB });
    const asked = await starts();
    expect(asked.filter((from) => (from ?? 0) === 0)).toHaveLength(2);
  });

  it('takes the whole file from a server that knows no ranges', async () => {
    fast();
    server.manners.range = false;
    expect(await starts()).toHaveLength(1);
    expect(server.sent()).toBe(content.length);
  });
});
