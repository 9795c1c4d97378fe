// What a program needs to log in, for several languages. Only `env` has the secret.

import { origin } from './emulator.js';

const DIGEST = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' };

export const LANGUAGES = ['env', 'curl', 'Python', 'Node', 'Rust'];

export function snippet(language, token) {
  const digest = DIGEST[token.hashType];
  switch (language) {
    case 'env':
      return `export KALTURA_SERVICE_URL=${origin}
export KALTURA_PARTNER_ID=${token.partnerId}
export KALTURA_APP_TOKEN_ID='${token.id}'
export KALTURA_APP_TOKEN='${token.token.replaceAll("'", "'\\''")}'
export KALTURA_APP_TOKEN_HASH_TYPE=${token.hashType}`;
    case 'curl':
      return `# with the variables of env
api="$KALTURA_SERVICE_URL/api_v3/service"
ks() { sed 's/.*"ks":"\\([^"]*\\).*/\\1/' | tr -d '\\\\'; }
widget=$(curl -s "$api/session/action/startWidgetSession" \\
  -d format=1 -d "widgetId=_$KALTURA_PARTNER_ID" | ks)
hash=$(printf %s "$widget$KALTURA_APP_TOKEN" |
  openssl dgst -${digest} -r | cut -d ' ' -f 1)
curl -s "$api/appToken/action/startSession" \\
  -d format=1 --data-urlencode "ks=$widget" \\
  -d "id=$KALTURA_APP_TOKEN_ID" -d "tokenHash=$hash"`;
    case 'Python':
      return `# pip install KalturaApiClient lxml; with the variables of env
import hashlib, os
from KalturaClient import KalturaClient, KalturaConfiguration

configuration = KalturaConfiguration()
configuration.serviceUrl = os.environ["KALTURA_SERVICE_URL"]
client = KalturaClient(configuration)
widget = client.session.startWidgetSession("_" + os.environ["KALTURA_PARTNER_ID"])
client.setKs(widget.ks)
text = widget.ks + os.environ["KALTURA_APP_TOKEN"]
token_hash = hashlib.${digest}(text.encode()).hexdigest()
session = client.appToken.startSession(os.environ["KALTURA_APP_TOKEN_ID"], token_hash)
client.setKs(session.ks)
print(session.userId)`;
    case 'Node':
      return `// npm install kaltura-client; with the variables of env
import { createHash } from 'node:crypto';
import kaltura from 'kaltura-client';

const { KALTURA_SERVICE_URL, KALTURA_PARTNER_ID, KALTURA_APP_TOKEN_ID, KALTURA_APP_TOKEN } = process.env;
const { session, appToken } = kaltura.services;
const configuration = new kaltura.Configuration();
configuration.serviceUrl = KALTURA_SERVICE_URL;
// By default it logs every request, with its session.
configuration.setLogger({ log() {}, debug() {}, info() {}, error() {} });
const client = new kaltura.Client(configuration);
const widget = await session.startWidgetSession(\`_\${KALTURA_PARTNER_ID}\`).execute(client);
client.setKs(widget.ks);
const hash = createHash('${digest}').update(widget.ks + KALTURA_APP_TOKEN).digest('hex');
const login = await appToken.startSession(KALTURA_APP_TOKEN_ID, hash).execute(client);
client.setKs(login.ks);
console.log(login.userId);`;
    default:
      return `// cargo add apptoken; with the variables of env
use apptoken::api::user;
use apptoken::{Error, Provider};

fn main() -> Result<(), Error> {
    let provider = Provider::from_env()?;
    let me = provider.call(user::Get::default())?;
    println!("{}", me.id);
    Ok(())
}`;
  }
}
