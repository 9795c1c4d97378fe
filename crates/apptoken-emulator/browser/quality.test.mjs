// How the console looks, feels and behaves for people: accessibility, layout, and its picture.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';

import { openConsole, require, startEmulator, stopBrowser, textIs } from './support.mjs';

after(stopBrowser);

const UPNG = require('upng-js');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const PICTURE = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'console.png');
const PHONE = { viewport: { width: 360, height: 740 } };

/** Every panel with something in it. */
async function fillPanels(page, emulator) {
  await page.selectOption('#example', 'hash');
  await page.click('#step-all');
  await page.locator('#steps .failed').waitFor();
  await page.click('#repair');
  await page.locator('#steps li:nth-child(3).done').waitFor();
  await emulator.api('media.list');
  await page.fill('#may-action', 'user.list');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.locator('#may-result .note').waitFor();
}

async function violations(page) {
  // The page's policy forbids scripts in it, so the checker does not come as an element.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

for (const [name, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['360 px', { ...PHONE }],
  ['360 px, dark', { ...PHONE, colorScheme: 'dark' }],
]) {
  test(`axe finds nothing: ${name}`, async (t) => {
    const emulator = await startEmulator(t);
    const page = await openConsole(t, emulator, options);
    assert.deepEqual(await violations(page), [], 'at the start');
    await fillPanels(page, emulator);
    await page.selectOption('#example', 'newline');
    await page.click('#step-all');
    await page.locator('#steps .failed').waitFor();
    await page.getByRole('switch', { name: 'Hold' }).click();
    await page.locator('#journal-rows .link').first().click();
    await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
    await page.locator('#fault-switches .switch').first().click();
    await textIs(page, '#faults-on', '1 fault on');
    await page.locator('#call-arguments input').first().waitFor();
    assert.deepEqual(await violations(page), [], 'with everything open');
    const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(width, 0, 'nothing is wider than the page');
    emulator.child.kill();
    await textIs(page, '#reach', 'The emulator does not answer.');
    assert.deepEqual(await violations(page), [], 'without the emulator');
  });
}

test('a login and a question work with the keyboard only', async (t) => {
  const page = await openConsole(t, await startEmulator(t));
  const focused = () => page.evaluate(() => document.activeElement?.id);
  /** Presses Tab until an element has the focus, which must be visible. */
  const tabTo = async (id) => {
    for (let presses = 0; presses < 120 && (await focused()) !== id; presses++) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate(() => document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none');
      assert.ok(outline, `the focus is visible on ${await focused()}`);
    }
    assert.equal(await focused(), id);
  };
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the panels');
  await page.keyboard.press('Enter');
  await tabTo('example');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#example'), 'hash');
  await tabTo('step-all');
  await page.keyboard.press('Enter');
  await page.locator('#steps .failed').waitFor();
  await tabTo('repair');
  await page.keyboard.press('Enter');
  await textIs(page, '#steps li:nth-child(3)', 'Logged in.');
  await page.waitForFunction(() => document.activeElement.id === 'login-heading');
  await tabTo('may-action');
  await page.keyboard.press('Enter');
  await page.locator('#may-result .note').waitFor();
  await tabTo('journal-hold');
  await page.keyboard.press('Space');
  await textIs(page, '#journal-new', 'since then');
});

test('a reload keeps the place on the page', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator, PHONE);
  await page.locator('#call').evaluate((node) => node.scrollIntoView());
  const place = await page.evaluate(() => scrollY);
  assert.ok(place > 1_000);
  await page.reload();
  await page.waitForFunction((place) => Math.abs(scrollY - place) < 400, place);
});

test('nothing moves while live data comes in', async (t) => {
  const emulator = await startEmulator(t);
  for (const options of [{}, PHONE]) {
    const page = await openConsole(t, emulator, options);
    const { requests } = await emulator.control('GET', 'journal?limit=0');
    // At the top, and where the journal is.
    for (const [round, selector] of ['#accounts', '#journal-rows'].entries()) {
      await page.locator(selector).evaluate((node) => node.scrollIntoView());
      for (let login = 0; login < 20; login++) {
        await emulator.api('session.startWidgetSession', { widgetId: '_101' });
        await emulator.api('appToken.startSession', { id: '0_none', tokenHash: 'x' });
      }
      await emulator.control('POST', 'appTokens', { partnerId: 101 });
      await emulator.control('POST', 'faults', { action: 'media.get', trouble: 'null' });
      await emulator.control('POST', 'clock/advance?seconds=3600');
      await textIs(page, '#journal-count', `of ${requests + 40 * (round + 1)}`);
      await textIs(page, '#faults-on', 'on');
    }
    await emulator.control('DELETE', 'faults');
    await textIs(page, '#faults-on', 'no faults');
    const shifts = await page.evaluate(() => window.shifts);
    t.diagnostic(`layout shift at ${options.viewport?.width ?? 1440} px: ${shifts.reduce((sum, { value }) => sum + value, 0)}`);
    assert.deepEqual(shifts, []);
  }
});

test('the picture of the console', async (t) => {
  const emulator = await startEmulator(t, ['--listen', '127.0.0.1:0']);
  await emulator.control('POST', 'clock', { time: 1_795_689_600 });
  await emulator.control('POST', 'appTokens', { partnerId: 101, id: '0_import01', hashType: 'SHA1', sessionUserId: 'importer', sessionType: 0, expiry: 1_795_689_600 + 12 * 86_400, description: 'nightly import' });
  for (const [name, options] of [
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 1010 } }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { ...PHONE }],
  ]) {
    const page = await openConsole(t, emulator, options);
    await fillPanels(page, emulator);
    await page.getByRole('button', { name: '+1 h' }).click();
    await textIs(page, '#session-life', '22 h');
    await page.selectOption('#example', 'newline');
    await page.click('#step-all');
    await page.locator('#steps .failed').waitFor();
    await page.locator('#steps .failed').evaluate((node) => (node.closest('.panel').scrollTop = node.closest('.panel').scrollHeight));
    await page.evaluate(() => {
      scrollTo(0, 0);
      document.activeElement.blur();
    });
    await page.mouse.move(0, 0);
    const path = `console-${name}.png`;
    await page.screenshot({ path, fullPage: name !== 'light' });
    // 128 colours are enough for text, and make the file small.
    const image = UPNG.decode(readFileSync(path));
    writeFileSync(path, Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, 128)));
    if (name === 'light') {
      assert.ok(statSync(path).size < 200_000);
      if (process.env.BLESS) copyFileSync(path, PICTURE);
    }
    if (process.env.PICTURES) copyFileSync(path, join(process.env.PICTURES, path));
  }
  assert.ok(statSync(PICTURE).size < 200_000);
});
