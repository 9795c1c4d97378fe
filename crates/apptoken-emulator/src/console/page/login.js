// Panel 2: the login, step by step, for good and for wrong inputs.

import { chosen, sameSettings, setStatus, statusOf, tokenOf, tokensOf } from './accounts.js';
import { badge, button, byId, code, el, exchange, libraryWords, on, option, run, say, setOptions } from './dom.js';
import { adminSession, call, control, controlCurl, must, now, poll } from './emulator.js';
import { span } from './format.js';
import { addSession } from './session.js';
import { HASH_TYPES, expiredWidgetSession, hashCurl, hashOf } from './steps.js';

const PANEL = 'login';
const NEW = 'new ';
const USER = 'console-example';

// What the server checks, in its order, and the code of the refusal.
const CHECKS = [
  ['INVALID_KS', 'The widget session is valid'],
  ['APP_TOKEN_ID_NOT_FOUND', 'A token with this id exists'],
  ['APP_TOKEN_NOT_ACTIVE', 'The token is active'],
  ['INVALID_APP_TOKEN_HASH', 'The hash is that of widget KS and token'],
  ['APP_TOKEN_EXPIRED', 'The token has not expired'],
];

// What the login has done. Its first step sets it.
let login;

// Which inputs the choices of the form mean.
async function prepare() {
  const example = byId('example').value;
  const choice = byId('login-token').value;
  const partner = chosen.partner;
  const given = choice.startsWith(NEW) ? null : tokenOf(choice);
  const needsOwn = ['disabled', 'expired', 'deleted'].includes(example);
  const prepared = { example, partner, token: given, curls: [], wanted: wantedOf() };
  if (!given || needsOwn) {
    const settings = given
      ? sameSettings(given)
      : { 'appToken:objectType': 'KalturaAppToken', 'appToken:hashType': choice.slice(NEW.length), 'appToken:sessionType': 0, 'appToken:sessionUserId': USER };
    settings['appToken:description'] = 'Made by the console';
    if (example === 'expired') settings['appToken:expiry'] = Math.floor(now()) - 60;
    const ks = await adminSession(partner);
    const added = await must('appToken.add', settings, ks);
    prepared.token = added.reply;
    prepared.curls.push(added.curl);
    if (example === 'disabled') {
      await setStatus(added.reply.id, 1);
      prepared.curls.push(controlCurl('POST', `appTokens/${added.reply.id}`, { status: 1 }));
    }
    if (example === 'deleted') prepared.curls.push((await must('appToken.delete', { id: added.reply.id }, ks)).curl);
    await poll();
  }
  prepared.hashType = prepared.token.hashType;
  if (example === 'hash') prepared.hashType = HASH_TYPES[(HASH_TYPES.indexOf(prepared.hashType) + 3) % HASH_TYPES.length];
  prepared.value = prepared.token.token + (example === 'newline' ? '\n' : '');
  return prepared;
}

function wantedOf() {
  const form = new FormData(byId('login-form'));
  const names = ['userId', 'type', 'expiry', 'sessionPrivileges'];
  return Object.fromEntries(names.filter((name) => form.get(name)).map((name) => [name, form.get(name)]));
}

const STEPS = [
  async () => {
    login = await prepare();
    const isExpired = login.example === 'widget';
    const done = isExpired ? await expiredWidgetSession(login.partner) : await call('session.startWidgetSession', { widgetId: `_${login.partner}` });
    login.widget = done.reply?.ks;
    const before = login.curls.length ? [code('Before: the token of this example', login.curls.join('\n'))] : [];
    const note = isExpired ? 'This widget session expired one second ago.' : 'An anonymous session, which anybody can start. It is good for a day.';
    return { done, isGood: Boolean(login.widget), body: [...before, exchange(done), login.widget ? el('p', { class: 'hint' }, note) : await failure(done)] };
  },
  async () => {
    login.hash = await hashOf(login.hashType, login.widget, login.value);
    const wrong = {
      hash: `The token says ${login.token.hashType}, but this program hashes with ${login.hashType}.`,
      newline: 'This program read the token from a file, and has a newline at its end.',
    }[login.example];
    const body = [
      el('p', {}, `${login.hashType} of the widget KS and the token, one after the other, in lower-case hexadecimal digits. It is not an HMAC.`),
      code('Widget KS', login.widget),
      code('Token', login.value),
      login.example === 'newline' ? el('p', {}, 'After the token: ', el('code', {}, '\\n')) : null,
      code(`Hash (${login.hash.length} digits)`, login.hash),
      code('The same in a shell', hashCurl(login.hashType, login.widget, login.value)),
      wrong ? el('p', { class: 'hint' }, wrong) : null,
    ].filter(Boolean);
    return { isGood: true, body };
  },
  async () => {
    const done = await call('appToken.startSession', { id: login.token.id, tokenHash: login.hash, ...login.wanted }, login.widget);
    const isGood = Boolean(done.reply?.ks);
    if (isGood) await addSession({ ks: done.reply.ks, label: `${done.reply.userId || 'no user'}, token ${login.token.id}`, startedAt: now() });
    return { done, isGood, body: [exchange(done), isGood ? granted(done.reply) : await failure(done)] };
  },
];

// What was granted, compared with what was asked for.
function granted(info) {
  const { token, wanted } = login;
  const lines = [];
  const asked = wanted.userId ?? '';
  const type = Number(info.sessionType) === 2 ? 'ADMIN' : 'USER';
  lines.push(
    `User: ${info.userId || 'nobody'}${token.sessionUserId ? `, because the token says so${asked && asked !== info.userId ? ` (asked for: ${asked})` : ''}` : ', as asked for'}.`,
    `Type: ${type}${token.sessionType == null ? ', as asked for' : ', because the token says so'}.`,
  );
  const life = Number(info.expiry) - now();
  const cut = wanted.expiry && Number(wanted.expiry) > life + 5 ? `, less than the ${span(Number(wanted.expiry))} that were asked for` : '';
  lines.push(`It ends in ${span(life + 1)}${cut}: the token allows ${span(token.sessionDuration)} for each session.`);
  lines.push(`Privileges: ${info.privileges || 'none'}. With sessionid, the end of one session ends all sessions of this token.`);
  return el('div', { class: 'note good' }, el('strong', {}, 'Logged in.'), el('ul', {}, lines.map((line) => el('li', {}, line))));
}

// Where it broke and why, and what would pass.
async function failure(done) {
  const code = done.error?.code ?? '';
  const { error } = await control('POST', 'advice', { action: done.action, status: done.status || 200, body: done.text, hashType: login.hashType });
  const at = CHECKS.findIndex(([each]) => each === code);
  const checks = CHECKS.map(([each, text], index) => {
    const [word, kind] = index < at ? ['passed', 'good'] : index === at ? ['failed', 'bad'] : ['not reached', 'plain'];
    return el('li', {}, badge(word, kind), ` ${text}`, index === at ? el('code', {}, ` ${each}`) : null);
  });
  const [text, repair] = repairOf(code);
  return el(
    'div',
    { class: 'note bad' },
    el('strong', {}, done.error ? `Refused: ${code}` : done.problem ?? 'It failed.'),
    error && libraryWords(error),
    done.action === 'appToken.startSession' && at >= 0 ? el('ol', { class: 'checks' }, checks) : null,
    button(text, () => inTurn(() => repairAndRun(repair)), { class: 'primary', id: 'repair' }),
  );
}

// One change after which the login works.
function repairOf(code) {
  const { token, partner } = login;
  switch (code) {
    case 'INVALID_KS':
      return ['Start a new widget session', async () => {}];
    case 'APP_TOKEN_NOT_ACTIVE':
      return ['Enable the token', () => setStatus(token.id, 2)];
    case 'APP_TOKEN_EXPIRED':
      return [
        'Let the token never expire',
        async () => must('appToken.update', { id: token.id, 'appToken:objectType': 'KalturaAppToken', 'appToken:expiry__null': '' }, await adminSession(partner)),
      ];
    case 'APP_TOKEN_ID_NOT_FOUND':
      return ['Make a new token', async () => (login.token = (await must('appToken.add', sameSettings(token), await adminSession(partner))).reply)];
    case 'INVALID_APP_TOKEN_HASH':
      return [login.example === 'newline' ? 'Leave the newline out' : `Hash with ${token.hashType}`, async () => {}];
    default:
      return ['Try again', async () => {}];
  }
}

async function repairAndRun(repair) {
  await repair();
  const { id } = login.token;
  await poll();
  refresh();
  byId('login-token').value = id;
  byId('example').value = 'good';
  reset();
  await runAll();
  byId('login-heading').focus();
}

const cards = () => [...byId('steps').children];

let next = 0;
// Counts resets. A step that was under way is dropped, and the next one waits for it.
let resets = 0;
let running = Promise.resolve();

const inTurn = (work) => run(PANEL, () => (running = running.then(work, work)));

function reset() {
  next = 0;
  resets++;
  for (const card of cards()) {
    card.querySelector('.state').replaceChildren();
    card.querySelector('.body').replaceChildren();
    card.classList.remove('done', 'failed');
  }
  showButtons();
}

function showButtons() {
  byId('step-next').disabled = next >= STEPS.length;
  byId('step-next').textContent = next === 0 ? 'First step' : 'Next step';
}

async function step() {
  const mine = resets;
  const card = cards()[next];
  if (!card) return;
  const { done, isGood, body } = await STEPS[next]();
  if (mine !== resets) return;
  const word = done ? (isGood ? `${done.status}, ${Math.max(1, Math.round(done.ms))} ms` : done.error?.code ?? done.problem ?? `HTTP ${done.status}`) : 'done';
  card.querySelector('.state').replaceChildren(badge(word, isGood ? 'good' : 'bad'));
  card.querySelector('.body').replaceChildren(...body);
  card.classList.add(isGood ? 'done' : 'failed');
  next = isGood ? next + 1 : STEPS.length;
  showButtons();
  say(`Step ${cards().indexOf(card) + 1}: ${word}.`);
  await poll();
}

async function runAll() {
  if (next >= STEPS.length) reset();
  const mine = resets;
  while (mine === resets && next < STEPS.length) await step();
}

function refresh() {
  const options = tokensOf(chosen.partner).filter((token) => token.status !== 3).map((token) => option(token.id, `${token.id}, ${token.hashType}, ${statusOf(token)[0]}`));
  options.push(...HASH_TYPES.map((type) => option(NEW + type, `a new token with ${type}`)));
  setOptions(byId('login-token'), options);
}

export function startLogin() {
  on('step-next', 'click', () => inTurn(step));
  on('step-all', 'click', () => inTurn(runAll));
  on('step-reset', 'click', reset);
  for (const id of ['example', 'login-token']) on(id, 'change', reset);
  let token = null;
  chosen.addEventListener('change', () => {
    refresh();
    // The choice in panel 1 counts here until another one is made.
    if (chosen.token !== token && tokenOf(chosen.token)?.status !== 3) {
      token = chosen.token;
      if (token) byId('login-token').value = token;
      if (next === 0) reset();
    }
  });
  reset();
}
