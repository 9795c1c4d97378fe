// Makes the users of the account those of a list: adds, changes and deletes.

import { KalturaBrowserHttpClient } from 'kaltura-typescript-client';
import { KalturaFilterPager } from 'kaltura-typescript-client/types/KalturaFilterPager';
import { KalturaSessionType } from 'kaltura-typescript-client/types/KalturaSessionType';
import { KalturaUser } from 'kaltura-typescript-client/types/KalturaUser';
import { KalturaUserFilter } from 'kaltura-typescript-client/types/KalturaUserFilter';
import { SessionStartAction } from 'kaltura-typescript-client/types/SessionStartAction';
import { UserAddAction } from 'kaltura-typescript-client/types/UserAddAction';
import { UserDeleteAction } from 'kaltura-typescript-client/types/UserDeleteAction';
import { UserListAction } from 'kaltura-typescript-client/types/UserListAction';
import { UserUpdateAction } from 'kaltura-typescript-client/types/UserUpdateAction';

const setting = (name: string): string => process.env[name] ?? '';
const PREFIX = 'school-';

async function adminClient(): Promise<KalturaBrowserHttpClient> {
  const client = new KalturaBrowserHttpClient({
    clientTag: 'sync-users',
    endpointUrl: `${setting('KALTURA_SERVICE_URL')}/api_v3/index.php`,
  });
  client.ks = await client.request(
    new SessionStartAction({
      secret: setting('KALTURA_ADMIN_SECRET'),
      userId: 'sync',
      type: KalturaSessionType.admin,
      partnerId: Number(setting('KALTURA_PARTNER_ID')),
      expiry: 3600,
    })
  );
  return client;
}

async function existing(client: KalturaBrowserHttpClient): Promise<Map<string, string>> {
  const users = new Map<string, string>();
  for (let pageIndex = 1; ; pageIndex += 1) {
    const filter = new KalturaUserFilter({ idOrScreenNameStartsWith: PREFIX });
    const pager = new KalturaFilterPager({ pageSize: 2, pageIndex });
    const page = await client.request(new UserListAction({ filter, pager }));
    page.objects.forEach((user) => users.set(user.id, user.fullName));
    if (page.objects.length < 2) return users;
  }
}

async function sync(client: KalturaBrowserHttpClient, wanted: Map<string, string>): Promise<string> {
  const there = await existing(client);
  const changes = { added: 0, changed: 0, deleted: 0 };
  for (const [id, fullName] of wanted) {
    if (!there.has(id)) {
      await client.request(new UserAddAction({ user: new KalturaUser({ id, fullName }) }));
      changes.added += 1;
    } else if (there.get(id) !== fullName) {
      await client.request(new UserUpdateAction({ userId: id, user: new KalturaUser({ fullName }) }));
      changes.changed += 1;
    }
  }
  for (const userId of there.keys()) {
    if (!wanted.has(userId)) {
      await client.request(new UserDeleteAction({ userId }));
      changes.deleted += 1;
    }
  }
  return `${changes.added} added, ${changes.changed} changed, ${changes.deleted} deleted`;
}

async function main(): Promise<void> {
  const client = await adminClient();
  const names = ['Ann Lee', 'Bob Ray', 'Zoë Öz', 'Dan Fox', 'Eve Kim'];
  const wanted = new Map(names.map((name, number) => [`${PREFIX}${number}`, name] as [string, string]));
  console.log(await sync(client, wanted));
  wanted.set(`${PREFIX}0`, 'Ann Lee-Ray');
  wanted.delete(`${PREFIX}4`);
  console.log(await sync(client, wanted));
  console.log(await sync(client, wanted));
  console.log([...(await existing(client)).values()].sort().join(', '));
}

main();
