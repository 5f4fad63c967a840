import { beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../../src/weights/back-off.ts';
import { fetchSmall } from '../../../src/weights/fetch-small.ts';
import { Interruption, openFile, type Patience } from '../../../src/weights/http.ts';
import type { Fault, FaultServer } from '../../e2e/fault-server.ts';
import { useNetwork } from './network.ts';

/** A stall is long, so that a busy machine makes none; `hasty` is for servers that stand still on purpose. */
const patience: Patience = { attempts: 3, firstWait: 20, longestWait: 100, stall: 10_000 };
const hasty: Patience = { ...patience, stall: 200 };
const { signal } = new AbortController();
const content = Buffer.from('0123456789'.repeat(100));
const network = useNetwork(content);
let server: FaultServer;
let page: typeof network.scope;
beforeEach(() => {
  ({ server, scope: page } = network);
});

const open = (offset = 0, path = '/a.bin', waits = patience) =>
  openFile(server.origin + path, 'a.bin', offset, waits, signal);
async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks).toString();
}
async function interruption(fault: Fault): Promise<Interruption> {
  server.once('/a.bin', fault);
  const error: unknown = await open(0, '/a.bin', fault.kind === 'stall' ? hasty : patience)
    .then(({ body }) => read(body))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Interruption);
  return error as Interruption;
}

describe('openFile', () => {
  it('asks from an offset on and says where the answer begins', async () => {
    const whole = await open();
    expect(whole).toMatchObject({ start: 0, total: 1000 });
    expect(await read(whole.body)).toBe(content.toString());
    const rest = await open(990);
    expect(rest).toMatchObject({ start: 990, total: 1000 });
    expect(await read(rest.body)).toBe('0123456789');
    server.manners.range = false;
    expect(await open(990)).toMatchObject({ start: 0, total: 1000 });
    server.manners = { ...server.manners, contentLength: false };
    expect(await open()).toMatchObject({ start: 0, total: undefined });
  });

  it('asks for a stretch, which comes as one Blob where the server knows ranges', async () => {
    const ask = () => openFile(`${server.origin}/a.bin`, 'a.bin', 10, patience, signal, 20);
    const stretch = await ask();
    expect(stretch).toMatchObject({ start: 10, total: 1000 });
    expect(await (await stretch.blob?.())?.text()).toBe('01234567890123456789');
    expect(await read((await ask()).body)).toBe('01234567890123456789');
    server.once('/a.bin', { kind: 'drop', after: 15 });
    await expect((await ask()).blob?.()).rejects.toThrow(/connection broke/);
    server.manners.range = false;
    expect((await ask()).blob).toBeUndefined();
    expect((await open(10)).blob).toBeUndefined();
  });

  it('takes an offset past the end as a reason to start over', async () => {
    const { start, body } = await open(5000);
    expect(start).toBe(0);
    expect(await read(body)).toBe('');
  });

  it('calls what may pass an interruption, with the wait that the server asks for', async () => {
    for (const status of [408, 429, 500, 503])
      expect((await interruption({ kind: 'status', status })).wait).toBeUndefined();
    const seconds = { kind: 'status', status: 429, headers: { 'Retry-After': '7' } } as const;
    expect((await interruption(seconds)).wait).toBe(7000);
    const date = new Date(Date.now() + 20_000).toUTCString();
    const until = await interruption({ kind: 'status', status: 503, headers: { 'Retry-After': date } });
    expect(until.wait).toBeGreaterThan(18_000);
    expect(until.wait).toBeLessThanOrEqual(20_000);
    const odd = await interruption({ kind: 'status', status: 503, headers: { 'Retry-After': 'soon' } });
    expect(odd.wait).toBeUndefined();
    expect((await interruption({ kind: 'drop', after: 10 })).message).toMatch(/connection broke/);
    expect((await interruption({ kind: 'stall', after: 10 })).message).toMatch(/stopped sending/);
  });

  it('names what will not pass', async () => {
    await expect(open(0, '/none')).rejects.toMatchObject({ code: 'http-status', file: 'a.bin' });
    server.once('/a.bin', { kind: 'status', status: 403 });
    await expect(open()).rejects.toThrow(/403 for a\.bin.*login/);
    server.once('/a.bin', { kind: 'html', type: 'text/html; charset=utf-8' });
    await expect(open()).rejects.toMatchObject({ code: 'wrong-content' });
  });

  it('ends with the reason of the signal, before and while the body comes', async () => {
    const stopped = new Error('stopped');
    const controller = new AbortController();
    server.once('/a.bin', { kind: 'stall', after: 10 });
    const { body } = await openFile(`${server.origin}/a.bin`, 'a.bin', 0, patience, controller.signal);
    setTimeout(() => {
      controller.abort(stopped);
    }, 20);
    await expect(read(body)).rejects.toBe(stopped);
    await expect(openFile(`${server.origin}/a.bin`, 'a.bin', 0, patience, controller.signal)).rejects.toBe(
      stopped,
    );
  });
});

describe('pause', () => {
  /** Milliseconds after which it is over, by a clock that only the test moves. */
  async function waits(attempt: number, asked?: number): Promise<number> {
    const over = vi.fn();
    const waiting = pause(attempt, asked, patience, signal).then(over);
    let elapsed = 0;
    for (; over.mock.calls.length === 0 && elapsed < 400_000; elapsed += 5)
      await vi.advanceTimersByTimeAsync(5);
    await waiting;
    return elapsed;
  }

  it('waits twice as long each time, up to a limit, or as long as it was asked to', async () => {
    vi.useFakeTimers();
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    try {
      expect([await waits(0), await waits(1), await waits(2), await waits(9)]).toEqual([20, 40, 80, 100]);
      random.mockReturnValue(0);
      expect(await waits(2)).toBe(60);
      random.mockReturnValue(1);
      expect(await waits(2)).toBe(100);
      expect(await waits(0, 7000)).toBe(7000);
      // A server that wants a day is asked again after five minutes.
      expect(await waits(0, 86_400_000)).toBe(300_000);
    } finally {
      random.mockRestore();
      vi.useRealTimers();
    }
  });

  it('ends at once with the signal', async () => {
    const controller = new AbortController();
    const waiting = pause(0, 60_000, patience, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  it('without a network waits until the browser says that it is back', async () => {
    page.onLine = false;
    let over = false;
    const waiting = pause(0, 10, patience, signal).then(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(over).toBe(false);
    page.onLine = true;
    page.dispatchEvent(new Event('online'));
    await waiting;
    expect(over).toBe(true);
  });
});

describe('fetchSmall', () => {
  const small = (...paths: string[]) =>
    fetchSmall(
      paths.map((path) => server.origin + path),
      'a.bin',
      { signal, patience },
    );

  it('tries again after what may pass, and gives up in the end', async () => {
    server.once('/a.bin', { kind: 'status', status: 503 }, { kind: 'drop', after: 100 });
    expect(Buffer.from((await small('/a.bin')).content).equals(content)).toBe(true);
    expect(server.answers.map(({ status }) => status)).toEqual([503, 200, 200]);
    server.reset();
    server.always('/a.bin', { kind: 'status', status: 503 });
    await expect(small('/a.bin')).rejects.toMatchObject({ code: 'http-status' });
    expect(server.answers.length).toBe(1 + patience.attempts);
  });

  it('takes the second address when the first has nothing, and blames the first when neither has', async () => {
    expect((await small('/none', '/a.bin')).url).toBe(`${server.origin}/a.bin`);
    await expect(small('/none', '/neither')).rejects.toThrow(/404/);
  });

  it('refuses what is far too large for such a file', async () => {
    server.files.set('/huge', Buffer.alloc(33 * 2 ** 20));
    await expect(small('/huge')).rejects.toThrow(/larger than 32 MB/);
  });
});
