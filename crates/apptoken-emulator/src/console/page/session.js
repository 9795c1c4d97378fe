// Panel 3: what a session (KS) holds, how long it lives, and what it may call.

import { chosen } from './accounts.js';
import { checksNote, examplesFor, explain } from './checks.js';
import { badge, byId, el, facts, libraryWords, lifeBar, on, option, run, say, secret, showTrace } from './dom.js';
import { control, controlCurl, events, now, poll, state } from './emulator.js';
import { clockText, leftText, span } from './format.js';
import { learn } from './secrets.js';

const PANEL = 'session';
// The oldest sessions leave.
const KEPT = 50;
const A_DAY = 86_400;

// The sessions that the page knows, latest first: `{ks, label, startedAt}`.
export const sessions = [];

// `change`: a session was added.
export const changes = new EventTarget();

let shownKs = null;
let inspected = null;
let shown = '';

export async function addSession(session) {
  learn(session.ks);
  const known = sessions.find((each) => each.ks === session.ks);
  if (!known) sessions.unshift(session);
  sessions.length = Math.min(sessions.length, KEPT);
  const options = sessions.map((each, index) => option(index, `${sessions.length - index}: ${each.label}`));
  byId('session-choice').replaceChildren(...options);
  await choose(known ?? session);
  changes.dispatchEvent(new Event('change'));
}

async function choose(session) {
  byId('session-choice').value = sessions.indexOf(session);
  shownKs = session.ks;
  byId('may-result').replaceChildren();
  await inspect();
}

const current = () => sessions.find((each) => each.ks === shownKs);

async function inspect() {
  if (!shownKs) return;
  const found = await control('POST', 'sessions/inspect', { ks: shownKs });
  const { now: _, ...rest } = found;
  inspected = found;
  const text = JSON.stringify([shownKs, rest]);
  if (text !== shown) {
    shown = text;
    byId('session-facts').replaceChildren(...(found.readable ? rowsOf(found) : [refused(found)]));
    showTrace('session-trace', [controlCurl('POST', 'sessions/inspect', { ks: shownKs })]);
  }
  tick();
}

function refused(found) {
  const library = found.refusal?.library;
  return el('div', { class: 'note bad' }, el('strong', {}, 'The KS cannot be read.'), el('p', {}, found.reason), library && libraryWords(library));
}

const list = (items) => (items.length ? items : ['none']);

function rowsOf(found) {
  const { refusal, appToken, user, roles } = found;
  const status = found.valid ? badge('valid', 'good') : badge(refusal?.args?.KSID ? `refused: ${refusal.args.KSID}` : `refused: ${refusal?.code ?? ''}`, 'bad');
  const from = { setrole: 'Named by the privilege setrole.', user: 'The roles of the user.', default: 'As such sessions have by default.' }[found.rolesFrom] ?? '';
  const token = appToken ? `${appToken.id}, ${appToken.hashType}${appToken.status === 2 ? '' : ', not active'}` : 'none: it was not started with an app token';
  const privileges = list(found.privileges.map((each) => el('li', {}, el('code', {}, [each.name, ...(each.values ?? [])].join(':').replace(/:$/, '')), ` ${each.meaning ?? ''}`)));
  const roleItems = list(roles.map((role) => el('li', {}, `${role.name} (${role.id}), ${role.permissions.length === 1 ? 'one permission' : `${role.permissions.length} permissions`}`)));
  const rows = [
    ['KS', secret('the KS', shownKs)],
    ['State', status],
    ['Kind', `${found.kind} session of account ${found.partnerId}, KS V${found.version}${found.version === 1 ? ' (readable by anybody)' : ' (encrypted with the secret of the account)'}`],
    ['User', found.userId ? `${found.userId}${user ? '' : ' (does not exist)'}` : 'nobody'],
    ['Ends', `${clockText(found.expiresAt)} UTC`],
    ['App token', token],
    ['Privileges', el('ul', {}, privileges)],
    ['Roles', el('div', {}, el('ul', {}, roleItems), el('small', {}, from))],
  ];
  if (found.actionsLeft !== null && found.actionsLeft !== undefined) rows.splice(5, 0, ['Calls left', String(found.actionsLeft)]);
  const nodes = [facts(rows)];
  if (!found.valid && refusal?.library) nodes.push(el('div', { class: 'note bad' }, libraryWords(refusal.library)));
  nodes.push(el('details', {}, el('summary', {}, `${found.permissions.length} permissions`), el('small', {}, found.permissions.join(', '))));
  return nodes;
}

let life;

function tick() {
  life.node.hidden = !inspected?.readable;
  if (!inspected?.readable) return;
  const start = inspected.startedAt ?? current()?.startedAt ?? inspected.expiresAt - A_DAY;
  const left = inspected.expiresAt - now();
  life.update(left, inspected.expiresAt - start, left > 0 ? `${span(left)} of ${span(inspected.expiresAt - start + 1)} left` : leftText(left));
}

async function ask() {
  await run(PANEL, async () => {
    const action = byId('may-action').value.trim();
    const parameters = await examplesFor(action);
    const result = await explain(action, shownKs, parameters);
    const note = checksNote(result, async (reply, curl) => {
      await poll();
      if (reply?.ks) await addSession({ ks: reply.ks, label: 'repaired', startedAt: now() });
      else await inspect();
      await ask();
      showTrace('session-trace', [curl]);
    });
    byId('may-result').replaceChildren(note);
    showTrace('session-trace', [controlCurl('POST', 'explain', { action, ...(shownKs && { ks: shownKs }), parameters })]);
    say(result.allowed ? `Yes, it may call ${action}.` : `No, it may not call ${action}.`);
  });
}

async function open() {
  await run(PANEL, async () => {
    const ks = byId('session-ks').value.trim();
    if (!ks) throw new Error('Paste a KS first.');
    await addSession({ ks, label: 'pasted' });
    byId('session-ks').value = '';
  });
}

async function make() {
  await run(PANEL, async () => {
    const form = new FormData(byId('session-make'));
    const body = { partnerId: chosen.partner, type: form.get('type') };
    if (form.get('userId')) body.userId = form.get('userId');
    if (form.get('privileges')) body.privileges = form.get('privileges');
    if (form.get('expiry')) body.expiry = Number(form.get('expiry'));
    const { ks } = await control('POST', 'sessions', body);
    await addSession({ ks, label: `${body.userId ?? body.type}, made here`, startedAt: now() });
    showTrace('session-trace', [controlCurl('POST', 'sessions', body)]);
  });
}

export function startSessionPanel() {
  life = lifeBar('Life of the session');
  life.node.hidden = true;
  byId('session-life').append(life.node);
  on('session-choice', 'change', (event) => run(PANEL, () => choose(sessions[event.target.value])));
  on('session-open', 'submit', open);
  on('session-make', 'submit', make);
  on('may-form', 'submit', ask);
  let requests = 0;
  let wasOver = false;
  let last = { time: 0, at: 0 };
  events.addEventListener('change', () => {
    tick();
    // It may have been revoked or have ended, or the clock may have been moved.
    const isOver = Boolean(inspected?.readable) && inspected.expiresAt <= now();
    const moved = Math.abs(state.time - last.time - (state.polled - last.at) / 1000) > 2;
    last = { time: state.time, at: state.polled };
    if (state.requests !== requests || isOver !== wasOver || moved) {
      requests = state.requests;
      wasOver = isOver;
      inspect().catch(() => {});
    }
  });
}
