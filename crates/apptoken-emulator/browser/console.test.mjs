// The console in a real browser: what a person does with it, and what it explains.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';

import { openConsole, startEmulator, stopBrowser, textIs } from './support.mjs';

after(stopBrowser);

const HASH_TYPES = { MD5: 32, SHA1: 40, SHA256: 64, SHA512: 128 };

/** Runs the login with the choices of the form, and waits for its end. */
async function logIn(page, { token, example = 'good' }) {
  if (token) await page.selectOption('#login-token', token);
  await page.selectOption('#example', example);
  await page.click('#step-all');
  await page.locator('#steps .failed, #steps li:nth-child(3).done').waitFor();
}

test('a login works step by step', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await page.click('#step-next');
  await textIs(page, '#steps li:nth-child(1)', /200, \d+ ms/);
  await textIs(page, '#steps li:nth-child(1)', 'KalturaStartWidgetSessionResponse');
  assert.equal(await page.locator('#steps .done').count(), 1);
  await page.click('#step-next');
  await textIs(page, '#steps li:nth-child(2)', 'Hash (64 digits)');
  await page.click('#step-next');
  await textIs(page, '#steps li:nth-child(3)', 'User: demonstration, because the token says so.');
  await textIs(page, '#session-facts', 'user session of account 101, KS V2');
  await textIs(page, '#journal-rows tr:nth-child(1)', 'appToken.startSession');
  assert.ok(await page.isDisabled('#step-next'));
  assert.deepEqual(page.faults, []);
});

for (const [type, digits] of Object.entries(HASH_TYPES)) {
  test(`a login works with ${type}`, async (t) => {
    const page = await openConsole(t, await startEmulator(t));
    await logIn(page, { token: `new ${type}` });
    await textIs(page, '#steps li:nth-child(2)', `Hash (${digits} digits)`);
    await textIs(page, '#steps li:nth-child(3)', 'Logged in.');
    await logIn(page, { token: `new ${type}`, example: 'hash' });
    await textIs(page, '#steps .failed', 'INVALID_APP_TOKEN_HASH');
    assert.deepEqual(page.faults, []);
  });
}

// Two logins once ran at the same time, and each disturbed the steps of the other.
test('another example ends the login that is under way', async (t) => {
  const page = await openConsole(t, await startEmulator(t));
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/startWidgetSession**', async (route) => {
    await held;
    await route.continue();
  });
  await page.click('#step-all');
  await page.selectOption('#example', 'hash');
  await page.click('#step-all');
  release();
  await textIs(page, '#steps .failed', 'INVALID_APP_TOKEN_HASH');
  assert.equal(await page.locator('#steps .done').count(), 2);
  assert.equal((await page.textContent('#login .problem')).trim(), '');
  assert.deepEqual(page.faults, []);
});

const WRONG = [
  ['hash', 'INVALID_APP_TOKEN_HASH', 'the token hash was refused', 'Hash with SHA256'],
  ['newline', 'INVALID_APP_TOKEN_HASH', 'the token hash was refused', 'Leave the newline out'],
  ['widget', 'INVALID_KS', 'it has expired', 'Start a new widget session'],
  ['disabled', 'APP_TOKEN_NOT_ACTIVE', 'the app token is disabled', 'Enable the token'],
  ['expired', 'APP_TOKEN_EXPIRED', 'the app token has expired', 'Let the token never expire'],
  ['deleted', 'APP_TOKEN_ID_NOT_FOUND', 'the app token does not exist', 'Make a new token'],
];
for (const [example, code, library, repair] of WRONG) {
  test(`a login that fails is explained and repaired: ${example}`, async (t) => {
    const page = await openConsole(t, await startEmulator(t));
    await logIn(page, { example });
    await textIs(page, '#steps .failed .note', `Refused: ${code}`);
    await textIs(page, '#steps .failed .note', library);
    await textIs(page, '#steps .failed .note', 'Advice: ');
    await page.getByRole('button', { name: repair, exact: true }).click();
    await textIs(page, '#steps li:nth-child(3)', 'Logged in.');
    assert.equal(await page.locator('#steps .failed').count(), 0);
    assert.deepEqual(page.faults, []);
  });
}

test('a token is added, disabled, rotated and deleted', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await page.getByText('Add a token', { exact: true }).click();
  await page.getByLabel('Description').fill('nightly import');
  await page.getByLabel('Its sessions last (seconds)').fill('1800');
  await page.getByRole('button', { name: 'Add the token' }).click();
  await textIs(page, '#tokens li', 'nightly import');
  await textIs(page, '#token-details', '30 min');
  await textIs(page, '#accounts-trace', 'appToken/action/add');
  const id = () => page.inputValue('#tokens input:checked');
  const first = await id();

  await page.getByRole('button', { name: 'Disable' }).click();
  await textIs(page, `#tokens li[data-token="${first}"]`, 'disabled');
  await page.getByRole('button', { name: 'Enable' }).click();
  await textIs(page, `#tokens li[data-token="${first}"]`, 'active');

  await page.getByRole('button', { name: 'Rotate' }).click();
  await textIs(page, `#tokens li[data-token="${first}"]`, 'deleted');
  const second = await id();
  assert.notEqual(second, first);
  await textIs(page, '#accounts-trace', 'sha256sum');
  const tokens = await emulator.control('GET', 'appTokens');
  const [old, now] = [first, second].map((wanted) => tokens.find((token) => token.id === wanted));
  assert.equal(old.status, 3);
  assert.deepEqual([now.status, now.sessionDuration, now.description], [2, 1800, 'nightly import']);

  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await textIs(page, `#tokens li[data-token="${second}"]`, 'deleted');
  assert.deepEqual(page.faults, []);
});

test('a service user gets a role, and may call what it allows', async (t) => {
  const page = await openConsole(t, await startEmulator(t));
  await page.getByText('Add a service user with a role of its own').click();
  await page.getByRole('button', { name: 'Add role, user and token' }).click();
  await textIs(page, '#token-details', 'importer');
  await logIn(page, {});
  await textIs(page, '#session-facts', 'Importer');
  await page.fill('#may-action', 'media.list');
  await page.getByRole('button', { name: 'Ask' }).click();
  await textIs(page, '#may-result', 'Yes: media.list passes all checks.');
  await page.fill('#may-action', 'appToken.add');
  await page.getByRole('button', { name: 'Ask' }).click();
  await textIs(page, '#may-result', 'No: SERVICE_FORBIDDEN');
  await textIs(page, '#may-result', 'The library says: ');
  assert.deepEqual(page.faults, []);
});

test('a session without a permission is refused, and repaired', async (t) => {
  const page = await openConsole(t, await startEmulator(t));
  await logIn(page, {});
  await page.fill('#may-action', 'user.list');
  await page.getByRole('button', { name: 'Ask' }).click();
  await textIs(page, '#may-result', 'No: SERVICE_FORBIDDEN');
  await page.locator('#may-result .primary').first().click();
  await textIs(page, '#may-result', 'Yes: user.list passes all checks.');
  assert.deepEqual(page.faults, []);
});

test('the bar of a session ends when the clock passes its end', async (t) => {
  const page = await openConsole(t, await startEmulator(t));
  await logIn(page, {});
  const bar = page.getByRole('progressbar', { name: 'Life of the session' });
  assert.equal(await bar.getAttribute('aria-valuenow'), '100');
  await page.getByRole('button', { name: '+1 h' }).click();
  await page.locator('#session-life [aria-valuenow="96"]').waitFor();
  await page.getByRole('button', { name: '+1 day' }).click();
  await page.locator('#session-life [aria-valuenow="0"]').waitFor();
  await textIs(page, '#session-life', /^ended 1 h/);
  await textIs(page, '#session-facts', 'refused: EXPIRED');
  await textIs(page, '#session-facts', 'the KS was refused: it has expired');
  assert.deepEqual(page.faults, []);
});

test('a fault is switched on, strikes, and is in the journal', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await page.getByText('Fault switches').click();
  const toggle = page.getByRole('switch', { name: 'Fault for appToken.startSession' });
  await toggle.click();
  await page.locator('[aria-label="Fault for appToken.startSession"][aria-checked="true"]').waitFor();
  await textIs(page, '#faults-on', '1 fault on');
  await logIn(page, {});
  await textIs(page, '#steps .failed', 'HTTP status 503');
  await page.selectOption('#journal-outcome', 'fault');
  await textIs(page, '#journal-rows tr:nth-child(1) .fault', '503');
  assert.equal(await page.locator('#journal-rows .link:visible').count(), 1);
  await toggle.click();
  await textIs(page, '#faults-on', 'no faults');
  await page.getByRole('button', { name: 'Try again' }).click();
  await textIs(page, '#steps li:nth-child(3)', 'Logged in.');
});

test('every trouble of the switches is one that the emulator knows', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  const troubles = await page.evaluate(async () => (await import('/__console/header.js')).TROUBLES);
  for (const [, trouble] of troubles) await emulator.control('POST', 'faults', { action: 'media.get', trouble });
  assert.equal((await emulator.control('GET', 'faults')).length, 16);
  await textIs(page, '#faults-on', '16 faults on');
});

test('an action is called from a form, with a nested argument', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await page.fill('#call-action', 'media.list');
  await page.locator('#call-action').blur();
  await textIs(page, '#call-about', 'Returns KalturaMediaListResponse.');
  await page.locator('#call-arguments summary').first().click();
  await page.getByLabel('nameLike', { exact: true }).fill('film');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await textIs(page, '#call-reply', 'KalturaMediaListResponse');
  await textIs(page, '#call-reply', 'filter:nameLike=film');
  await textIs(page, '#call-reply', 'Yes: media.list passes all checks.');
  await page.selectOption('#call-session', 'none');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await textIs(page, '#call-reply', 'No: SERVICE_FORBIDDEN');
  assert.deepEqual(page.faults, []);
});

test('secrets are hidden, and again 30 s after they were shown', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await page.clock.install();
  const secret = emulator.settings.KALTURA_APP_TOKEN;
  await logIn(page, {});
  const html = () => page.evaluate(() => document.documentElement.outerHTML);
  assert.ok(!(await html()).includes(secret));
  assert.doesNotMatch(await html(), /djJ8/);
  await page.getByRole('button', { name: 'Show the value of the token' }).click();
  assert.ok((await html()).includes(secret));
  await page.clock.fastForward(31_000);
  await page.locator('#token-details [aria-pressed="false"]').waitFor();
  assert.ok(!(await html()).includes(secret));
});

test('texts of the account are shown as texts', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const user = 'eve@example.org';
  await emulator.control('POST', 'appTokens', { partnerId: 101, id: '0_aaaaaaaa', description: hostile, sessionUserId: user, sessionPrivileges: hostile, hashType: 'SHA256', sessionType: 0 });
  await textIs(page, '#tokens li', hostile);
  await page.locator('#tokens input[value="0_aaaaaaaa"]').check();
  await textIs(page, '#token-details', hostile);
  await logIn(page, { token: '0_aaaaaaaa' });
  await textIs(page, '#session-facts', user);
  await page.selectOption('#timeline-range', '300');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('what was entered survives a restart of the emulator', async (t) => {
  const first = await startEmulator(t);
  const page = await openConsole(t, first);
  await page.fill('#call-action', 'media.list');
  await logIn(page, {});
  first.child.kill();
  await textIs(page, '#reach', 'The emulator does not answer.');
  await startEmulator(t, ['--listen', new URL(first.url).host]);
  await page.locator('#reach').waitFor({ state: 'hidden' });
  await textIs(page, '#journal-count', '0 requests');
  assert.equal(await page.inputValue('#call-action'), 'media.list');
  await logIn(page, {});
  await textIs(page, '#steps li:nth-child(3)', 'Logged in.');
});

test('the journal stays as it is while it is held', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator);
  await emulator.api('session.startWidgetSession', { widgetId: '_101' });
  await textIs(page, '#journal-rows tr:nth-child(1)', 'session.startWidgetSession');
  await page.getByRole('switch', { name: 'Hold' }).click();
  await emulator.api('session.get');
  await emulator.api('media.list');
  await textIs(page, '#journal-new', '2 new requests');
  await textIs(page, '#journal-rows tr:nth-child(1)', 'session.startWidgetSession');
  await page.getByRole('switch', { name: 'Hold' }).click();
  await textIs(page, '#journal-rows tr:nth-child(1)', 'media.list');
  await page.fill('#journal-action', 'session.get');
  await textIs(page, '#journal-count', '1 request of 3');
  await page.getByRole('button', { name: 'session.get' }).click();
  await textIs(page, '#journal-entry', 'Request');
  assert.deepEqual(page.faults, []);
});

test('the blocks to copy log in', async (t) => {
  const emulator = await startEmulator(t);
  const page = await openConsole(t, emulator, { permissions: ['clipboard-read', 'clipboard-write'] });
  const copy = async (language, token) => {
    await page.locator(`#tokens input[value="${token}"]`).check();
    await page.getByRole('radio', { name: language, exact: true }).check();
    await page.getByRole('button', { name: `Copy ${language} for` }).click();
    await textIs(page, '#said', `Copied: ${language} for ${token}.`);
    return page.evaluate(() => navigator.clipboard.readText());
  };
  // The programs for Python, Node and Rust are run by other tests, and one of `tests/it/console.rs` says that they are the blocks.
  for (const hashType of Object.keys(HASH_TYPES)) {
    const { id } = await emulator.control('POST', 'appTokens', { partnerId: 101, hashType, sessionUserId: 'demonstration' });
    await page.locator(`#tokens input[value="${id}"]`).waitFor();
    const reply = execFileSync('sh', ['-ec', `${await copy('env', id)}\n${await copy('curl', id)}`], { encoding: 'utf8' });
    assert.equal(JSON.parse(reply).userId, 'demonstration', hashType);
  }
  assert.deepEqual(page.faults, []);
});
