// Tests app tokens with the official Node client, for every account of a configuration and every hash type.
//
// Usage, in a directory with kaltura-client installed: node login.mjs SERVICE_URL CONFIG

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const kaltura = createRequire(join(process.cwd(), 'package.json'))('kaltura-client');
const { session, appToken } = kaltura.services;

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

  const adminKs = await session
    .start(account.adminSecret, 'clients', kaltura.enums.SessionType.ADMIN, account.id, 3600, '')
    .execute(clientOf(serviceUrl));
  const admin = clientOf(serviceUrl, adminKs);
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

const [serviceUrl, config] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const account of JSON.parse(readFileSync(config, 'utf8')).partners) {
  for (const hashType of HASH_TYPES) {
    for await (const [what, expected, actual] of testAppToken(serviceUrl, account, hashType)) {
      if (isDeepStrictEqual(expected, actual)) {
        passed += 1;
      } else {
        failed += 1;
        const both = `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
        console.log(`partner ${account.id}, ${hashType}, ${what}: ${both}`);
      }
    }
  }
}
console.log(`node: ${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
