// Replaces an app token: adds a new one like the old one, logs in with it, and deletes the old one.

import { createHash } from 'crypto';

import { KalturaBrowserHttpClient } from 'kaltura-typescript-client';
import { AppTokenAddAction } from 'kaltura-typescript-client/types/AppTokenAddAction';
import { AppTokenDeleteAction } from 'kaltura-typescript-client/types/AppTokenDeleteAction';
import { AppTokenGetAction } from 'kaltura-typescript-client/types/AppTokenGetAction';
import { AppTokenStartSessionAction } from 'kaltura-typescript-client/types/AppTokenStartSessionAction';
import { KalturaAppToken } from 'kaltura-typescript-client/types/KalturaAppToken';
import { KalturaSessionInfo } from 'kaltura-typescript-client/types/KalturaSessionInfo';
import { KalturaSessionType } from 'kaltura-typescript-client/types/KalturaSessionType';
import { SessionStartAction } from 'kaltura-typescript-client/types/SessionStartAction';
import { SessionStartWidgetSessionAction } from 'kaltura-typescript-client/types/SessionStartWidgetSessionAction';

const setting = (name: string): string => process.env[name] ?? '';
const partnerId = Number(setting('KALTURA_PARTNER_ID'));

function newClient(): KalturaBrowserHttpClient {
  const endpointUrl = `${setting('KALTURA_SERVICE_URL')}/api_v3/index.php`;
  return new KalturaBrowserHttpClient({ clientTag: 'rotate-token', endpointUrl });
}

async function logIn(token: KalturaAppToken): Promise<KalturaSessionInfo> {
  const client = newClient();
  const widget = await client.request(new SessionStartWidgetSessionAction({ widgetId: `_${partnerId}` }));
  client.ks = widget.ks;
  const tokenHash = createHash(token.hashType.toString()).update(widget.ks + token.token).digest('hex');
  return client.request(new AppTokenStartSessionAction({ id: token.id, tokenHash, userId: 'importer' }));
}

async function main(): Promise<void> {
  const admin = newClient();
  admin.ks = await admin.request(
    new SessionStartAction({
      secret: setting('KALTURA_ADMIN_SECRET'),
      type: KalturaSessionType.admin,
      partnerId,
      expiry: 600,
    })
  );
  const old = await admin.request(new AppTokenGetAction({ id: setting('KALTURA_APP_TOKEN_ID') }));
  console.log(`before: ${(await logIn(old)).privileges.split(',').pop()}`);

  const { hashType, sessionDuration, sessionPrivileges } = old;
  const appToken = new KalturaAppToken({ hashType, sessionDuration, sessionPrivileges });
  const added = await admin.request(new AppTokenAddAction({ appToken }));
  console.log(`after: ${(await logIn(added)).privileges.split(',').pop()}`);

  await admin.request(new AppTokenDeleteAction({ id: old.id }));
  await logIn(old).then(
    () => console.log('the old token can still be used'),
    (error) => console.log(`the old token: ${error.code}`)
  );
}

main();
