import { expect, test } from 'vitest';
import { browserFrom } from '../../../src/domain/browser.ts';
import { en } from '../../../src/domain/texts/en.ts';

const agents = {
  chromeWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
  firefoxLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  safariMac:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  android:
    'Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
};

test.each([
  [agents.chromeWindows, 'chrome', 'windows'],
  [agents.edge, 'edge', 'windows'],
  [agents.firefoxLinux, 'firefox', 'linux'],
  [agents.safariMac, 'safari', 'mac'],
  [agents.iphone, 'safari', 'ios'],
  [agents.android, 'chrome', 'android'],
  ['curl/8', 'other', 'other'],
])('%s', (agent, name, platform) => {
  expect(browserFrom(agent)).toEqual({ name, platform });
});

test.each([
  [agents.firefoxLinux, 'Chrome or Edge'],
  [agents.safariMac, 'Safari 26'],
  [agents.iphone, 'iOS 26'],
  [agents.android, 'Chrome 121'],
  [agents.chromeWindows, 'graphics acceleration'],
])('without WebGPU the advice fits the browser: %s', (agent, advice) => {
  expect(en.errors['no-webgpu'](browserFrom(agent)).next).toContain(advice);
});
