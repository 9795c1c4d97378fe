// Requests to the emulator, and what is known of it: its clock, its journal and its faults.

import { learn, learnFrom } from './secrets.js';

const KEPT = 10_000;
const CHUNK = 2_000;
const POLL_MS = 1_000;

export const origin = location.origin;

// `change`: something new was polled. `restart`: the journal begins, or begins anew.
export const events = new EventTarget();

export const state = { time: 0, polled: performance.now(), requests: 0, entries: [], faults: [], partners: [], tokens: [], isReachable: false, isRefused: false };

// Whether a request and all its parts succeeded.
export const isOk = (entry) => entry.outcome === 'ok' && entry.parts.every(([, outcome]) => outcome === 'ok');

// The time of the emulator's clock, which runs.
export const now = () => state.time + (performance.now() - state.polled) / 1000;

const TOKEN = 'control-token';

export function useControlToken(token) {
  sessionStorage.setItem(TOKEN, token);
  poll();
}

function quote(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// The line that sends the same request from a shell.
function curlOf(method, path, body) {
  const line = ['curl'];
  if (method !== 'GET' && !(method === 'POST' && body)) line.push('-X', method);
  line.push(quote(origin + path));
  for (const [name, value] of body?.pairs ?? []) {
    line.push(/^[\w.,*:-]*$/.test(value) ? '-d' : '--data-urlencode', quote(`${name}=${value}`));
  }
  if (body?.json) line.push('-d', quote(body.json));
  return line.join(' ');
}

// Sends a request to the control interface. A refusal is an error with its text.
export async function control(method, path, value) {
  const json = value === undefined ? undefined : JSON.stringify(value);
  const headers = sessionStorage.getItem(TOKEN) ? { Authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` } : {};
  const reply = await fetch(`/__control/${path}`, { method, body: json, headers }).catch(() => {
    throw new Error('The emulator does not answer.');
  });
  const text = await reply.text();
  if (!reply.ok) {
    state.isRefused = reply.status === 403;
    let why = `HTTP ${reply.status}`;
    try {
      why = JSON.parse(text).error;
    } catch {
      // It is not from the emulator.
    }
    throw new Error(why);
  }
  return text ? JSON.parse(text) : undefined;
}

export const controlCurl = (method, path, value) => curlOf(method, `/__control/${path}`, value && { json: JSON.stringify(value) });

export async function moveClock(seconds) {
  await control('POST', `clock/advance?seconds=${seconds}`);
  await poll();
}

/**
 * Calls an action. The parameters are those of a form, such as `appToken:hashType`; a file is sent as such.
 * The result has what was sent, as a curl line, and what came back.
 */
export async function call(action, parameters = {}, ks = null) {
  const pairs = Object.entries({ format: '1', ...(ks && { ks }), ...parameters }).map(([name, value]) => [
    name,
    value instanceof File ? value : String(value),
  ]);
  learnFrom(Object.fromEntries(pairs));
  const [service, name] = action.split('.');
  const path = `/api_v3/service/${service}/action/${name}`;
  const hasFile = pairs.some(([, value]) => value instanceof File);
  const body = hasFile ? new FormData() : new URLSearchParams();
  for (const [key, value] of pairs) body.append(key, value);
  let curl = curlOf('POST', path, { pairs: hasFile ? [] : pairs });
  if (hasFile) curl += pairs.map(([key, value]) => ` -F ${quote(value instanceof File ? `${key}=@${value.name}` : `${key}=${value}`)}`).join('');
  const start = performance.now();
  const done = { action, curl, status: 0, text: '', reply: undefined, error: null };
  try {
    const reply = await fetch(path, { method: 'POST', body });
    done.status = reply.status;
    done.text = await reply.text();
    done.reply = JSON.parse(done.text);
  } catch (why) {
    // No reply, half of one, or one that is not JSON.
    done.problem = done.status ? 'The reply is not JSON.' : 'No reply: the connection was closed.';
  }
  done.ms = performance.now() - start;
  if (service === 'session' && typeof done.reply === 'string') learn(done.reply);
  learnFrom(done.reply);
  if (done.reply?.objectType === 'KalturaAPIException') done.error = done.reply;
  return done;
}

// An admin session of an account, as its administrator has.
export async function adminSession(partnerId) {
  const { ks } = await control('POST', 'sessions', { partnerId, type: 'admin' });
  learn(ks);
  return ks;
}

export async function must(action, parameters, ks) {
  const done = await call(action, parameters, ks);
  if (done.error) throw new Error(`${action}: ${done.error.message} (${done.error.code})`);
  if (done.reply === undefined) throw new Error(`${action}: ${done.problem} HTTP ${done.status}.`);
  return done;
}

let polling = null;

// Reads what is new. Only one poll runs at a time; a further caller gets one that begins after it.
export async function poll() {
  await polling;
  polling ??= read().finally(() => (polling = null));
  return polling;
}

async function read() {
  try {
    let isNew = !state.isReachable;
    if (isNew) forget();
    for (;;) {
      const last = state.entries.at(-1)?.number ?? 0;
      const journal = await control('GET', `journal?after=${last}&first=${CHUNK}`);
      if (journal.requests < last) {
        forget();
        isNew = true;
        continue;
      }
      Object.assign(state, { time: journal.time, polled: performance.now(), requests: journal.requests });
      state.entries.push(...journal.entries);
      if (journal.entries.length < CHUNK) break;
    }
    if (state.entries.length > KEPT) state.entries.splice(0, state.entries.length - KEPT);
    const [faults, partners, tokens] = await Promise.all(['faults', 'partners', 'appTokens'].map((path) => control('GET', path)));
    Object.assign(state, { faults, partners, tokens });
    Object.assign(state, { isReachable: true, isRefused: false });
    if (isNew) events.dispatchEvent(new Event('restart'));
  } catch {
    state.isReachable = false;
  }
  events.dispatchEvent(new Event('change'));
}

function forget() {
  state.entries = [];
}

export async function keepPolling() {
  for (;;) {
    if (!document.hidden) await poll();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
