// What the tests of the console share: an emulator of their own, a browser, and pages that note their faults.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');

/** An emulator that ends with the test. */
export async function startEmulator(test, options = []) {
  const child = spawn(process.env.EMULATOR, ['--print', 'json', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  test.after(() => child.kill());
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const settings = JSON.parse(line);
  const url = settings.KALTURA_SERVICE_URL;
  const control = async (method, path, body) => {
    const reply = await fetch(`${url}/__control/${path}`, { method, body: body && JSON.stringify(body) });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  const api = async (action, parameters = {}) => {
    const [service, name] = action.split('.');
    const body = new URLSearchParams({ format: 1, ...parameters });
    return (await fetch(`${url}/api_v3/service/${service}/action/${name}`, { method: 'POST', body })).json();
  };
  return { child, url, settings, control, api };
}

let browser;

/** The browser of all tests, without the sandbox, which needs a user other than root. */
export async function startBrowser(options = []) {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...options] });
}

export async function stopBrowser() {
  await browser?.close();
}

/** A page on the console. Errors in it fail the test. */
export async function openConsole(test, emulator, options = {}) {
  browser ??= await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  context.setDefaultTimeout(30_000);
  await context.addInitScript(() => {
    window.shifts = [];
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!entry.hadRecentInput) window.shifts.push({ value: entry.value, of: entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName) });
      }
    }).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask', buffered: true });
  });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.stack));
  page.on('console', (message) => message.type() === 'error' && page.faults.push(message.text()));
  test.after(() => context.close());
  await page.goto(emulator.url);
  await page.locator('#tokens input').first().waitFor();
  await page.locator('#call-about p').first().waitFor();
  return page;
}

/** Waits until the text of an element matches. */
export const textIs = (page, selector, pattern) => page.locator(selector).filter({ hasText: pattern }).first().waitFor();
