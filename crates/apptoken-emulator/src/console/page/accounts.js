// Panel 1: the accounts and their app tokens.

import { badge, byId, code, el, facts, lifeBar, on, option, run, say, secret, setOptions, showTrace } from './dom.js';
import { adminSession, control, controlCurl, events, must, now, poll, state } from './emulator.js';
import { clockText, leftText, span } from './format.js';
import { learn } from './secrets.js';
import { LANGUAGES, snippet } from './snippets.js';
import { logIn } from './steps.js';

const PANEL = 'accounts';
// More than this are not listed, only counted.
const LISTED = 200;
const STATUS = { 1: ['disabled', 'warn'], 2: ['active', 'good'], 3: ['deleted', 'bad'] };

// `change`: another account or token is chosen, or more is known of them.
export const chosen = Object.assign(new EventTarget(), { partner: null, token: null });

let shown = '';

export const statusOf = (token) => (token.expiry !== null && token.expiry <= now() && token.status === 2 ? ['expired', 'bad'] : STATUS[token.status]);

export const tokensOf = (partner) => state.tokens.filter((token) => token.partnerId === partner);

export const tokenOf = (id) => state.tokens.find((token) => token.id === id);

export function sameSettings(token) {
  const fields = ['hashType', 'description', 'expiry', 'sessionType', 'sessionUserId', 'sessionDuration', 'sessionPrivileges'];
  const set = fields.filter((name) => token[name] !== null && token[name] !== undefined);
  return { 'appToken:objectType': 'KalturaAppToken', ...Object.fromEntries(set.map((name) => [`appToken:${name}`, token[name]])) };
}

export const setStatus = (id, status) => control('POST', `appTokens/${id}`, { status });

function listItem(token) {
  const [word, kind] = statusOf(token);
  const radio = el('input', { type: 'radio', name: 'token', value: token.id, onchange: () => choose(token.id) });
  radio.checked = token.id === chosen.token;
  const life = token.expiry === null ? 'never ends' : `until ${clockText(token.expiry)}`;
  return el(
    'li',
    { 'data-token': token.id },
    el('label', {}, radio, el('code', {}, token.id), badge(token.hashType, 'plain'), badge(word, kind), el('small', {}, [token.description, life].filter(Boolean).join(', '))),
  );
}

function choose(id) {
  chosen.token = id;
  showChosen();
  chosen.dispatchEvent(new Event('change'));
}

// What the chosen token is, as its administrator sees it.
function showChosen() {
  const token = tokenOf(chosen.token);
  byId('token-actions').hidden = !token;
  byId('token-use').hidden = !token;
  byId('token-details').replaceChildren(...(token ? details(token) : [el('p', { class: 'hint' }, 'Choose a token to see what it is and how a program uses it.')]));
  if (!token) return;
  const isDeleted = token.status === 3;
  byId('token-disable').textContent = token.status === 1 ? 'Enable' : 'Disable';
  for (const id of ['token-rotate', 'token-disable', 'token-delete']) byId(id).disabled = isDeleted;
  showSnippet();
}

function details(token) {
  const rows = [
    ['Value', secret('the value of the token', token.token)],
    ['User', token.sessionUserId ?? 'chosen by each login'],
    ['Type', token.sessionType === null ? 'chosen by each login' : token.sessionType === 2 ? 'ADMIN (2)' : 'USER (0)'],
    ['Sessions last', span(token.sessionDuration)],
    ['Privileges', token.sessionPrivileges || 'none of its own'],
  ];
  return [facts(rows)];
}

function showSnippet() {
  const token = tokenOf(chosen.token);
  const language = document.querySelector('input[name=language]:checked').value;
  byId('snippet').replaceChildren(code(`${language} for ${token.id}`, snippet(language, token)));
}

function refresh() {
  const partner = Number(byId('account').value) || state.partners[0]?.id;
  chosen.partner = partner ?? null;
  const tokens = tokensOf(partner);
  const text = () => JSON.stringify([state.partners, tokens, chosen.token, tokens.map((token) => statusOf(token)[0])]);
  if (text() === shown) return;
  for (const token of tokens) learn(token.token);
  setOptions(byId('account'), state.partners.map((each) => option(each.id, `${each.id} (KS V${each.ksVersion}${each.status === 1 ? '' : ', blocked'})`)));
  if (!tokens.some((token) => token.id === chosen.token)) {
    chosen.token = tokens.find((token) => statusOf(token)[0] === 'active')?.id ?? null;
  }
  const focused = document.activeElement?.name === 'token' ? document.activeElement.value : null;
  const items = tokens.slice(0, LISTED).map(listItem);
  if (tokens.length === 0) items.push(el('li', { class: 'hint' }, 'This account has no app token yet.'));
  if (tokens.length > LISTED) items.push(el('li', { class: 'hint' }, `and ${tokens.length - LISTED} more`));
  byId('tokens').replaceChildren(...items);
  if (focused) byId('tokens').querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
  shown = text();
  showChosen();
  chosen.dispatchEvent(new Event('change'));
}

// Changes something, reads the tokens again, and shows the curl lines of it.
async function change(work) {
  return run(PANEL, async () => {
    const { curls, result, message } = await work();
    if (result) chosen.token = result;
    await poll();
    showTrace('accounts-trace', curls);
    say(message);
  });
}

async function add() {
  const form = new FormData(byId('token-add'));
  const parameters = { 'appToken:objectType': 'KalturaAppToken', 'appToken:hashType': form.get('hashType') };
  for (const name of ['description', 'sessionType', 'sessionUserId', 'sessionDuration', 'sessionPrivileges']) {
    if (form.get(name)) parameters[`appToken:${name}`] = form.get(name);
  }
  if (form.get('days')) parameters['appToken:expiry'] = Math.round(now() + Number(form.get('days')) * 86_400);
  await change(async () => {
    const done = await must('appToken.add', parameters, await adminSession(chosen.partner));
    return { curls: [done.curl], result: done.reply.id, message: `Token ${done.reply.id} was added.` };
  });
}

// A token with the same settings; the old one is deleted after the new one's login.
async function rotate() {
  const old = tokenOf(chosen.token);
  await change(async () => {
    const ks = await adminSession(old.partnerId);
    const added = await must('appToken.add', sameSettings(old), ks);
    const login = await logIn(old.partnerId, added.reply);
    const deleted = await must('appToken.delete', { id: old.id }, ks);
    return {
      curls: ['# the new token', added.curl, '# it logs in', ...login.curls, '# the old token', deleted.curl],
      result: added.reply.id,
      message: `Token ${old.id} was replaced by ${added.reply.id}.`,
    };
  });
}

async function disable() {
  const token = tokenOf(chosen.token);
  const status = token.status === 1 ? 2 : 1;
  await change(async () => {
    await setStatus(token.id, status);
    const curl = controlCurl('POST', `appTokens/${token.id}`, { status });
    return { curls: ['# only staff of Kaltura can do this on a real account', curl], message: `Token ${token.id} is now ${STATUS[status][0]}.` };
  });
}

async function remove() {
  const { id, partnerId } = tokenOf(chosen.token);
  await change(async () => {
    const done = await must('appToken.delete', { id }, await adminSession(partnerId));
    return { curls: [done.curl], message: `Token ${id} was deleted. Its sessions are revoked.` };
  });
}

// A role, a user who has it, and a token whose sessions belong to that user.
async function addService() {
  const form = new FormData(byId('service-add'));
  await change(async () => {
    const ks = await adminSession(chosen.partner);
    const role = await must('userRole.add', { 'userRole:objectType': 'KalturaUserRole', 'userRole:name': form.get('role'), 'userRole:permissionNames': form.get('permissions') }, ks);
    const user = await must('user.add', { 'user:objectType': 'KalturaUser', 'user:id': form.get('user'), 'user:roleIds': role.reply.id }, ks);
    const token = await must(
      'appToken.add',
      { 'appToken:objectType': 'KalturaAppToken', 'appToken:hashType': 'SHA256', 'appToken:sessionType': 0, 'appToken:sessionUserId': user.reply.id, 'appToken:description': form.get('role') },
      ks,
    );
    return { curls: [role.curl, user.curl, token.curl], result: token.reply.id, message: `Role ${role.reply.id}, user ${user.reply.id} and token ${token.reply.id} were added.` };
  });
}

export function startAccounts() {
  byId('languages').append(
    ...LANGUAGES.map((each, index) => el('label', {}, el('input', { type: 'radio', name: 'language', value: each, checked: index === 0, onchange: showSnippet }), each)),
  );
  on('account', 'change', refresh);
  on('token-add', 'submit', add);
  on('service-add', 'submit', addService);
  on('token-rotate', 'click', rotate);
  on('token-disable', 'click', disable);
  on('token-delete', 'click', remove);
  const bar = lifeBar('Life of the chosen token');
  bar.node.hidden = true;
  byId('token-life').append(bar.node);
  events.addEventListener('change', () => {
    refresh();
    const token = tokenOf(chosen.token);
    bar.node.hidden = !token || token.expiry === null;
    if (token && token.expiry !== null) bar.update(token.expiry - now(), token.expiry - token.createdAt, leftText(token.expiry - now()));
  });
}
