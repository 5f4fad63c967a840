import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Progress, ProgressReport, Speedometer } from '../../../src/weights/progress.ts';

describe('Speedometer', () => {
  it('says nothing before half a second, then the mean of the window', () => {
    const meter = new Speedometer(5000);
    meter.add(0, 0);
    meter.add(100, 499);
    expect(meter.speed).toBeUndefined();
    meter.add(1000, 1000);
    expect(meter.speed).toBe(1000);
  });

  it('forgets what is older than its window', () => {
    const meter = new Speedometer(5000);
    // A minute at 100 bytes a second, then ten seconds at 1000.
    for (let second = 0; second <= 60; second += 1) meter.add(second * 100, second * 1000);
    for (let second = 1; second <= 10; second += 1) meter.add(6000 + second * 1000, (60 + second) * 1000);
    expect(meter.speed).toBe(1000);
  });

  it('starts again when a file started over', () => {
    const meter = new Speedometer();
    meter.add(5000, 0);
    meter.add(9000, 1000);
    meter.add(2000, 2000);
    expect(meter.speed).toBeUndefined();
    meter.add(3000, 3000);
    expect(meter.speed).toBe(1000);
  });
});

describe('ProgressReport', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('adds up files, at most five times a second, with speed and time left', () => {
    const seen: Progress[] = [];
    const report = new ProgressReport('downloading', 10_000, (progress) => seen.push(progress));
    report.set('a', 0);
    for (let i = 1; i <= 20; i += 1) {
      vi.advanceTimersByTime(100);
      report.set(i % 2 === 0 ? 'a' : 'b', i * 100);
    }
    expect(seen.length).toBe(11);
    expect(seen.at(-1)).toEqual({
      phase: 'downloading',
      loaded: 3900,
      total: 10_000,
      speed: expect.closeTo(1950, 6) as number,
      secondsLeft: expect.closeTo(6100 / 1950, 6) as number,
    });
  });

  it('says at once when a file waits for the server, and when none does any more', () => {
    const phases: string[] = [];
    const report = new ProgressReport('downloading', 10, ({ phase }) => phases.push(phase));
    report.setWaiting('a', true);
    report.setWaiting('b', true);
    report.setWaiting('a', false);
    report.setWaiting('b', false);
    expect(phases).toEqual(['waiting', 'waiting', 'waiting', 'downloading']);
  });
});
