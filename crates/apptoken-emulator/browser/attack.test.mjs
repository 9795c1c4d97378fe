// Pages of other origins, which get nothing from the emulator of the person who opens them.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';

import { startBrowser, startEmulator } from './support.mjs';

/** A page that tries to read and to change the emulator in every way that a page has. */
const attack = (url) => `<!doctype html><title>attack</title>
<form id="form" method="post" action="${url}/__control/faults" enctype="text/plain" target="frame"><input name='{"trouble":"null","x":"' value='"}'></form>
<iframe name="frame"></iframe><iframe name="console" src="${url}/"></iframe>
<script src="${url}/__control/state" onerror="loaded.push('script refused')" onload="loaded.push('script loaded')"></script>
<script>
const loaded = window.loaded ??= [];
async function read(path, options) {
  try {
    const reply = await fetch('${url}' + path, options);
    return options?.mode === 'no-cors' ? reply.type : await reply.text();
  } catch (error) {
    return error.name;
  }
}
window.attack = async () => {
  form.submit();
  const image = new Image();
  const drawn = new Promise((resolve) => { image.onload = () => resolve('image loaded'); image.onerror = () => resolve('image refused'); });
  image.src = '${url}/__console/icon.svg';
  return {
    state: await read('/__control/state'),
    page: await read('/'),
    changed: await read('/__control/faults', { method: 'POST', mode: 'no-cors', body: '{"trouble":"null"}' }),
    reset: await read('/__control/reset', { method: 'POST', mode: 'no-cors' }),
    removed: await read('/__control/journal', { method: 'DELETE' }),
    image: await drawn,
  };
};
</script>`.replace('<form', '<script>window.loaded = [];</script><form');

async function serve(t, html) {
  const server = createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end(html)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return server.address().port;
}

for (const host of ['127.0.0.1', 'localhost']) {
  test(`a page of another origin gets nothing: ${host}`, async (t) => {
    const emulator = await startEmulator(t);
    await emulator.control('POST', 'faults', { action: 'media.get', trouble: 'null' });
    await emulator.api('session.get');
    const port = await serve(t, attack(emulator.url));
    const browser = await startBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage();
    const statuses = [];
    page.on('response', (reply) => reply.url().startsWith(emulator.url) && statuses.push(`${new URL(reply.url()).pathname} ${reply.status()}`));
    await page.goto(`http://${host}:${port}/`);
    const result = await page.evaluate(() => window.attack());
    // An opaque reply shows a page nothing, not even its status.
    const nothing = { state: 'TypeError', page: 'TypeError', changed: 'opaque', reset: 'opaque', removed: 'TypeError', image: 'image refused' };
    assert.deepEqual(result, nothing);
    await page.waitForFunction(() => window.loaded.length > 0);
    assert.deepEqual(await page.evaluate(() => window.loaded), ['script refused']);
    // The requests of the page arrived, and each was refused.
    assert.ok(statuses.length > 0);
    assert.deepEqual(statuses.filter((status) => !status.endsWith(' 403')), []);
    assert.equal((await emulator.control('GET', 'faults')).length, 1);
    assert.equal((await emulator.control('GET', 'journal')).count, 1);
  });
}

test('a name that was rebound to this machine gets nothing', async (t) => {
  const emulator = await startEmulator(t);
  const browser = await startBrowser(['--host-resolver-rules=MAP rebound.example 127.0.0.1']);
  t.after(() => browser.close());
  const page = await browser.newPage();
  const origin = `http://rebound.example:${new URL(emulator.url).port}`;
  const opened = await page.goto(`${origin}/`);
  assert.equal(opened.status(), 403);
  for (const path of ['/__control/state', '/__control/journal', '/__console/main.js']) {
    const reply = await page.evaluate(async (path) => {
      const reply = await fetch(path);
      return [reply.status, await reply.text()];
    }, path);
    assert.equal(reply[0], 403, path);
    assert.ok(!reply[1].includes(emulator.settings.KALTURA_ADMIN_SECRET));
  }
});

test('a page cannot be shown in a frame of another page', async (t) => {
  const emulator = await startEmulator(t);
  const port = await serve(t, `<!doctype html><iframe name="console" src="${emulator.url}/"></iframe>`);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const frame = page.frames().find((each) => each !== page.mainFrame());
  assert.equal(await frame.locator('#accounts').count(), 0);
});

test('a page cannot open the console in a window', async (t) => {
  const emulator = await startEmulator(t);
  const port = await serve(t, '<!doctype html><title>opener</title>');
  const browser = await startBrowser();
  t.after(() => browser.close());
  for (const host of ['127.0.0.1', 'localhost']) {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${port}/`);
    const opened = page.waitForEvent('popup');
    const replied = page.context().waitForEvent('response', (reply) => reply.url() === `${emulator.url}/`);
    await page.evaluate((url) => void window.open(url), emulator.url);
    assert.equal((await replied).status(), 403, host);
    assert.equal(await (await opened).locator('#accounts').count(), 0, host);
  }
});
