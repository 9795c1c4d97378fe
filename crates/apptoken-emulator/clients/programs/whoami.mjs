// npm install kaltura-client; with the variables of env
import { createHash } from 'node:crypto';
import kaltura from 'kaltura-client';

const { KALTURA_SERVICE_URL, KALTURA_PARTNER_ID, KALTURA_APP_TOKEN_ID, KALTURA_APP_TOKEN } = process.env;
const { session, appToken } = kaltura.services;
const configuration = new kaltura.Configuration();
configuration.serviceUrl = KALTURA_SERVICE_URL;
// By default it logs every request, with its session.
configuration.setLogger({ log() {}, debug() {}, info() {}, error() {} });
const client = new kaltura.Client(configuration);
const widget = await session.startWidgetSession(`_${KALTURA_PARTNER_ID}`).execute(client);
client.setKs(widget.ks);
const hash = createHash('sha256').update(widget.ks + KALTURA_APP_TOKEN).digest('hex');
const login = await appToken.startSession(KALTURA_APP_TOKEN_ID, hash).execute(client);
client.setKs(login.ks);
console.log(login.userId);
