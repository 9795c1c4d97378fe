// Tests the official Node client, for every account of a configuration: app tokens with every hash type, and media with
// sessions that are good, expired and forbidden, and with answers of the test's own.
//
// Usage, in a directory with kaltura-client installed: node client.mjs SERVICE_URL CONFIG

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const kaltura = createRequire(join(process.cwd(), 'package.json'))('kaltura-client');
const { session, appToken, media, partner, userRole } = kaltura.services;

const HASH_TYPES = ['MD5', 'SHA1', 'SHA256', 'SHA512'];
const PRIVILEGES = 'list:*,appid:clients';
const SILENT = { log() {}, debug() {}, info() {}, error() {} };

function clientOf(serviceUrl, ks = null) {
  const configuration = new kaltura.Configuration();
  configuration.serviceUrl = serviceUrl;
  configuration.setLogger(SILENT);
  const client = new kaltura.Client(configuration);
  client.setKs(ks);
  return client;
}

async function errorCode(call) {
  try {
    return `no error but ${JSON.stringify(await call())}`;
  } catch (error) {
    return error.code;
  }
}

// A client with an admin session.
async function start(serviceUrl, account, expiry, privileges = '') {
  const ks = await session
    .start(account.adminSecret, 'clients', kaltura.enums.SessionType.ADMIN, account.id, expiry, privileges)
    .execute(clientOf(serviceUrl));
  return clientOf(serviceUrl, ks);
}

// Yields [what is tested, the expected value, the actual value].
async function* testAppToken(serviceUrl, account, hashType) {
  const tokenHash = (ks, token) => createHash(hashType).update(ks + token.token).digest('hex');
  const widget = async () => (await session.startWidgetSession(`_${account.id}`).execute(clientOf(serviceUrl))).ks;
  const login = async (token) => {
    const ks = await widget();
    return appToken.startSession(token.id, tokenHash(ks, token)).execute(clientOf(serviceUrl, ks));
  };
  const wanted = new kaltura.objects.AppToken({
    hashType,
    sessionUserId: 'node-client',
    sessionDuration: 1800,
    sessionType: kaltura.enums.SessionType.USER,
    sessionPrivileges: PRIVILEGES,
  });

  const admin = await start(serviceUrl, account, 3600);
  const token = await appToken.add(wanted).execute(admin);
  yield ['appToken.add: hash type', hashType, token.hashType];
  yield ['appToken.get: value', token.token, (await appToken.get(token.id).execute(admin)).token];
  const filter = new kaltura.objects.AppTokenFilter({ idEqual: token.id });
  const list = await appToken.listAction(filter).execute(admin);
  yield ['appToken.list: ids', [token.id], list.objects.map((found) => found.id)];
  const change = new kaltura.objects.AppToken({ description: 'renamed' });
  const renamed = await appToken.update(token.id, change).execute(admin);
  yield ['appToken.update', ['renamed', 1800], [renamed.description, renamed.sessionDuration]];

  const started = await login(token);
  yield ['startSession: user', 'node-client', started.userId];
  yield ['startSession: privileges', `sessionid:${token.id},apptoken:${token.id},${PRIVILEGES}`, started.privileges];
  yield ['session.get: user', 'node-client', (await session.get(started.ks).execute(admin)).userId];

  const ks = await widget();
  const client = clientOf(serviceUrl, ks);
  const batch = await new kaltura.MultiRequestBuilder()
    .add(appToken.startSession(token.id, tokenHash(ks, token)))
    .add(appToken.startSession(token.id, tokenHash(ks, token)))
    .execute(client);
  yield ['multirequest: users', ['node-client', 'node-client'], batch.map((answer) => answer.userId)];

  const wrongHash = await errorCode(() => appToken.startSession(token.id, '00').execute(client));
  yield ['startSession with a wrong hash', 'INVALID_APP_TOKEN_HASH', wrongHash];
  const forbidden = await errorCode(() => appToken.add(wanted).execute(client));
  yield ['appToken.add with a widget session', 'SERVICE_FORBIDDEN', forbidden];
  await appToken.deleteAction(token.id).execute(admin);
  yield ['startSession with a deleted token', 'APP_TOKEN_ID_NOT_FOUND', await errorCode(() => login(token))];
}

// The emulator stores no media. Yields the same as testAppToken.
async function* testMedia(serviceUrl, account) {
  const control = async (method, path, body) => {
    const reply = await fetch(`${serviceUrl}/__control/${path}`, { method, body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path}: ${await reply.text()}`);
  };
  const list = (client, statusEqual) =>
    media.listAction(new kaltura.objects.MediaEntryFilter({ statusEqual })).execute(client);

  const admin = await start(serviceUrl, account, 3600);
  const empty = await list(admin, 2);
  yield ['media.list', [0, []], [empty.totalCount, empty.objects]];
  const unknown = await errorCode(() => media.get('0_unknown').execute(admin));
  yield ['media.get of an unknown id', 'ENTRY_ID_NOT_FOUND', unknown];
  const anonymous = await errorCode(() => list(clientOf(serviceUrl), 2));
  yield ['media.list without a session', 'SERVICE_FORBIDDEN', anonymous];
  const onlyTokens = new kaltura.objects.UserRole({ name: 'node: tokens only', permissionNames: 'APP_TOKEN_BASE' });
  const role = await userRole.add(onlyTokens).execute(admin);
  const restricted = await start(serviceUrl, account, 3600, `setrole:${role.id}`);
  yield ['media.list with another role', 'SERVICE_FORBIDDEN', await errorCode(() => list(restricted, 2))];

  const none = await errorCode(() => partner.getInfo().execute(admin));
  yield ['partner.getInfo without an answer', 'EMULATOR_NO_ANSWER', none];
  await control('POST', 'answers', { action: 'partner.getInfo', value: { name: 'Test account' } });
  yield ['partner.getInfo with an answer', 'Test account', (await partner.getInfo().execute(admin)).name];
  const entry = { id: '0_own', name: 'Own', duration: 7, objectType: 'KalturaMediaEntry' };
  const page = { totalCount: 1, objects: [entry] };
  await control('POST', 'answers', { action: 'media.list', value: page, when: { 'filter:statusEqual': 2 } });
  const found = (await list(admin, 2)).objects.map(({ id, name, duration }) => [id, name, duration]);
  yield ['media.list with an answer', [['0_own', 'Own', 7]], found];
  yield ['media.list with another filter', 0, (await list(admin, 1)).totalCount];
  const gone = { code: 'ENTRY_ID_NOT_FOUND', message: 'Gone', args: { ENTRY_ID: '0_own' } };
  await control('POST', 'answers', { action: 'media.get', error: gone });
  const getError = await errorCode(() => media.get('0_own').execute(admin));
  yield ['media.get with an error', 'ENTRY_ID_NOT_FOUND', getError];

  await control('POST', 'clock/advance?seconds=3601');
  yield ['media.list with an expired session', 'INVALID_KS', await errorCode(() => list(admin, 2))];
  const renewed = await start(serviceUrl, account, 3600);
  yield ['media.list with a new session', 1, (await list(renewed, 2)).totalCount];
  await control('DELETE', 'answers');
  yield ['media.list without an answer', 0, (await list(renewed, 2)).totalCount];
}

const [serviceUrl, config] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const account of JSON.parse(readFileSync(config, 'utf8')).partners) {
  const tests = HASH_TYPES.map((hashType) => [hashType, testAppToken(serviceUrl, account, hashType)]);
  for (const [name, test] of [...tests, ['media', testMedia(serviceUrl, account)]]) {
    for await (const [what, expected, actual] of test) {
      if (isDeepStrictEqual(expected, actual)) {
        passed += 1;
      } else {
        failed += 1;
        const both = `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
        console.log(`partner ${account.id}, ${name}, ${what}: ${both}`);
      }
    }
  }
}
console.log(`node: ${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
