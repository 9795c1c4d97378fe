// How fast the console is. The figures are reported, not checked: they depend on the machine and on what else it does.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { after, test } from 'node:test';

import { openConsole, startBrowser, startEmulator, stopBrowser, textIs } from './support.mjs';

after(stopBrowser);

test('the page is small and its first paint is soon', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  const figures = await page.evaluate(() => ({
    files: performance.getEntriesByType('resource').filter((each) => each.name.includes('/__console/')).length + 1,
    sent: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource').filter((each) => each.name.includes('/__console/'))].reduce((sum, each) => sum + each.encodedBodySize, 0),
    size: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource').filter((each) => each.name.includes('/__console/'))].reduce((sum, each) => sum + each.decodedBodySize, 0),
    foreign: performance.getEntriesByType('resource').filter((each) => !each.name.startsWith(location.origin)).length,
  }));
  t.diagnostic(`${figures.files} files, ${figures.size} bytes, ${figures.sent} compressed`);
  assert.ok(figures.size < 100_000);
  assert.equal(figures.foreign, 0);
  const pages = [{ what: 'the console', url: emulator.url }, { what: 'a page of one line', url: await serveLine(t) }];
  for (const { what, first, reload } of await paints(t, pages)) {
    t.diagnostic(`first paint of ${what}, median of ${LOADS} loads: ${first} ms in a new context, ${reload} ms as a reload`);
  }
});

const LOADS = 9;

/** The first paints of pages, which are loaded by turns, so that other work on the machine slows each of them alike. */
async function paints(t, pages) {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const found = pages.map((each) => ({ ...each, first: [], reload: [] }));
  // The first round makes caches of the machine warm.
  for (let round = 0; round <= LOADS; round++) {
    for (const { url, first, reload } of found) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
      const page = await context.newPage();
      await page.goto(url);
      const times = [await firstPaint(page)];
      await page.reload();
      times.push(await firstPaint(page));
      await context.close();
      if (round > 0) [first, reload].forEach((list, index) => list.push(times[index]));
    }
  }
  const median = (list) => Math.round(list.sort((a, b) => a - b)[LOADS >> 1]);
  return found.map(({ what, first, reload }) => ({ what, first: median(first), reload: median(reload) }));
}

const firstPaint = (page) =>
  page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => list.getEntriesByName('first-contentful-paint').forEach((entry) => resolve(entry.startTime))).observe({ type: 'paint', buffered: true });
  }));

/** A server of the smallest page, whose first paint shows what the browser and the machine need in any case. */
async function serveLine(t) {
  const server = createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end('<!doctype html><title>x</title><p>hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

/** Sends many requests on a few connections. */
async function sendMany(emulator, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const url = new URL('/api_v3/service/session/action/get', emulator.url);
  const send = () => new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST' }, (reply) => reply.resume().on('end', resolve));
    sent.on('error', reject);
    sent.end();
  });
  let left = count;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (left-- > 0) await send();
  }));
  agent.destroy();
}

test('ten thousand requests in the journal do not slow the page', async (t) => {
  const emulator = await startEmulator(t);
  await sendMany(emulator, 10_000);
  const page = await openConsole(t, emulator);
  await textIs(page, '#journal-count', '10,000 requests of 10,000');
  const figure = async (what, work) => {
    await page.evaluate(() => {
      window.longTasks.length = 0;
      window.frames_ = [];
      let last = performance.now();
      const frame = (time) => {
        window.frames_.push(time - last);
        last = time;
        if (window.frames_.length < 100_000) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await work();
    const [tasks, longest] = await page.evaluate(() => [window.longTasks, Math.max(...window.frames_.slice(1))]);
    t.diagnostic(`${what}: ${tasks.length} tasks over 50 ms (longest ${Math.round(Math.max(0, ...tasks))} ms), longest frame ${Math.round(longest)} ms`);
  };
  t.diagnostic(`start: longest task ${Math.round(Math.max(0, ...(await page.evaluate(() => window.longTasks))))} ms`);
  await figure('live', async () => {
    await sendMany(emulator, 300);
    await textIs(page, '#journal-count', 'of 10,300');
  });
  await figure('filters and pages', async () => {
    await page.fill('#journal-action', 'session.get');
    await page.selectOption('#journal-outcome', 'bad');
    await page.selectOption('#journal-outcome', '');
    for (let pages = 0; pages < 20; pages++) await page.getByRole('button', { name: 'Older' }).click();
    await textIs(page, '#journal-page', 'page 21 of 834');
  });
  // However many requests there are, the page shows the same number of rows.
  assert.equal(await page.locator('#journal-rows tr').count(), 12);
  assert.equal(await page.evaluate(async () => (await import('/__console/emulator.js')).state.entries.length), 10_000);
  assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 4_000);
});
