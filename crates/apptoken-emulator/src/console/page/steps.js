// The login: two requests, and the hash between them.

import { control, controlCurl, must } from './emulator.js';
import { learn } from './secrets.js';

export const HASH_TYPES = ['MD5', 'SHA1', 'SHA256', 'SHA512'];

const SUM = { MD5: 'md5sum', SHA1: 'sha1sum', SHA256: 'sha256sum', SHA512: 'sha512sum' };

// A widget session that has expired, which only the control interface makes.
export async function expiredWidgetSession(partner) {
  const body = { partnerId: partner, type: 'widget', expiry: -1 };
  const reply = await control('POST', 'sessions', body);
  learn(reply.ks);
  return { action: '/__control/sessions', curl: controlCurl('POST', 'sessions', body), status: 200, ms: 1, reply, error: null };
}

// The hash of the two texts, one after the other. The emulator computes it, because browsers have no MD5.
export async function hashOf(hashType, ks, token) {
  const { hash } = await control('POST', 'hash', { hashType, text: ks + token });
  learn(hash);
  return hash;
}

export const hashCurl = (hashType, ks, token) => `printf %s '${ks}''${token}' | ${SUM[hashType]}`;

export async function logIn(partner, token) {
  const widget = await must('session.startWidgetSession', { widgetId: `_${partner}` });
  const hash = await hashOf(token.hashType, widget.reply.ks, token.token);
  const session = await must('appToken.startSession', { id: token.id, tokenHash: hash }, widget.reply.ks);
  return { reply: session.reply, curls: [widget.curl, hashCurl(token.hashType, widget.reply.ks, token.token), session.curl] };
}
