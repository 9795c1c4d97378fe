// Makes a player for each user: with a session of the user that can only watch one entry, for an hour.

import { clientWith, kaltura, sessionOf, widgetSession } from './login.mjs';

const ENTRY = '0_lecture1';
const widget = await widgetSession();

for (const user of ['ann', 'bob', 'zoë']) {
  const { ks, expiry, userId } = await sessionOf(widget, user, 3600, `sview:${ENTRY}`);
  const url = new URL(`${process.env.KALTURA_SERVICE_URL}/p/${process.env.KALTURA_PARTNER_ID}/embedPlaykitJs`);
  url.search = new URLSearchParams({ iframeembed: 'true', entry_id: ENTRY, ks });
  const seconds = expiry - Math.floor(Date.now() / 1000);
  const entry = await kaltura.services.media.get(ENTRY).execute(clientWith(ks));
  const isRefused = await kaltura.services.media
    .deleteAction(ENTRY)
    .execute(clientWith(ks))
    .then(() => 'can delete it', (error) => error.code);
  console.log(`${userId} watches ${entry.name} for ${Math.round(seconds / 60)} minutes; deleting: ${isRefused}`);
  if (!url.href.includes(encodeURIComponent(ks))) throw new Error('the player has no session');
}
