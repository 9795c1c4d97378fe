// Logins with an app token from the environment, for the programs beside it.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The client is found in the current directory.
export const kaltura = createRequire(join(process.cwd(), 'package.json'))('kaltura-client');
const { session, appToken } = kaltura.services;
const environment = process.env;

export function clientWith(ks) {
  const configuration = new kaltura.Configuration();
  configuration.serviceUrl = environment.KALTURA_SERVICE_URL;
  // By default it logs every request, with its session.
  configuration.setLogger({ log() {}, debug() {}, info() {}, error() {} });
  const client = new kaltura.Client(configuration);
  client.setKs(ks);
  return client;
}

export async function widgetSession() {
  return (await session.startWidgetSession(`_${environment.KALTURA_PARTNER_ID}`).execute(clientWith(null))).ks;
}

// A session of a user, from a widget session that can serve many.
export function sessionOf(widget, userId, expiry, privileges) {
  const algorithm = environment.KALTURA_APP_TOKEN_HASH_TYPE.toLowerCase();
  const tokenHash = createHash(algorithm).update(widget + environment.KALTURA_APP_TOKEN).digest('hex');
  return appToken
    .startSession(environment.KALTURA_APP_TOKEN_ID, tokenHash, userId, kaltura.enums.SessionType.USER, expiry, privileges)
    .execute(clientWith(widget));
}
