// Panel 6: a form for any action, built from the tables of the API.

import { chosen } from './accounts.js';
import { checksNote, explain } from './checks.js';
import { byId, el, exchange, field, on, option, run, setOptions } from './dom.js';
import { adminSession, call, control, events, poll } from './emulator.js';
import { isSecretName } from './secrets.js';
import { changes, sessions } from './session.js';

const PANEL = 'call';
const NUMBER = ['int', 'float', 'bigint', 'time'];

// The arguments: each has a name and `read`, without a result if nothing was entered.
let inputs = [];
let action = null;

// The control of a simple type, and how its value is read.
function simple(of, label) {
  const { type } = of;
  let node;
  if (type === 'enum' && of.values?.length) {
    node = el('select', {}, option('', '(not sent)'), of.values.map((value, index) => option(value, of.labels?.[index] ? `${of.labels[index]} (${value})` : String(value))));
  } else if (type === 'bool') {
    node = el('select', {}, option('', '(not sent)'), option('1', 'true'), option('0', 'false'));
  } else if (type === 'file') {
    node = el('input', { type: 'file' });
  } else {
    const kind = isSecretName(of.name) ? 'password' : 'text';
    node = el('input', { type: kind, autocomplete: 'off', spellcheck: 'false', maxlength: of.maxLength, inputmode: NUMBER.includes(type) ? 'decimal' : null });
  }
  const needed = of.mandatory || ('access' in of ? false : of.default === undefined);
  const help = [typeName(of), needed ? 'required' : '', of.default !== undefined && of.default !== 'null' ? `default ${of.default}` : ''].filter(Boolean).join(', ');
  const read = () => (type === 'file' ? node.files[0] : node.value === '' ? undefined : node.value);
  return { node: field(label, node, help), read };
}

const typeName = (of) => (of.class ? `${of.type} ${of.class}` : of.type);

// An object: its properties are loaded when it is opened.
function object(of, label) {
  const body = el('div', {});
  const node = el('details', { class: 'object' }, el('summary', {}, el('code', {}, label), ` ${typeName(of)}`), body);
  let properties = [];
  let type = null;
  const load = async (name) => {
    const found = await control('GET', `classes/${name}`);
    type = name;
    properties = found.properties.filter((each) => each.access !== 'never').map((each) => argument(each, each.name));
    fields.replaceChildren(...properties.map((each) => each.node));
  };
  const fields = el('div', {});
  const choices = of.classes ?? [of.class];
  node.addEventListener('toggle', () => {
    if (!node.open || type) return;
    if (choices.length > 1) {
      const select = el('select', { onchange: () => run(PANEL, () => load(select.value)) }, choices.map((each) => option(each)));
      body.append(field('objectType', select, 'the class of the object'));
    }
    body.append(fields);
    run(PANEL, () => load(choices[0]));
  });
  const read = () => {
    const entered = readAll(properties);
    return Object.keys(entered).length ? { objectType: type, ...entered } : undefined;
  };
  return { node, read };
}

function list(of, label) {
  const node = el('textarea', { rows: 2, spellcheck: 'false' });
  const read = () => {
    if (!node.value.trim()) return undefined;
    try {
      return JSON.parse(node.value);
    } catch {
      throw new Error(`${label}: expected JSON, such as [{"objectType": "KalturaStringValue", "value": "x"}]`);
    }
  };
  return { node: field(label, node, `${typeName(of)}, as JSON`), read };
}

function argument(of, label) {
  const make = of.type === 'object' || of.type === 'abstract' ? object : of.type === 'array' || of.type === 'map' ? list : simple;
  return { name: of.name, ...make(of, label) };
}

function readAll(these) {
  return Object.fromEntries(these.map((each) => [each.name, each.read()]).filter(([, value]) => value !== undefined));
}

// Nested values as the parameters of a form, such as `filter:nameLike`.
function flatten(value, name = '') {
  if (value === null || typeof value !== 'object' || value instanceof File) return { [name]: value };
  return Object.assign({}, ...Object.entries(value).map(([key, part]) => flatten(part, name ? `${name}:${key}` : key)));
}

async function open() {
  const name = byId('call-action').value.trim();
  if (!/^\w+\.\w+$/.test(name) || name === action?.action) return;
  await run(PANEL, async () => {
    action = await control('GET', `actions/${name}`);
    inputs = action.parameters.map((each) => argument(each, each.name));
    const returns = action.returns ? `Returns ${action.returns}.` : 'Returns nothing.';
    const open = { always: 'Anybody may call it.', withoutSession: 'It needs no session.' }[action.open];
    const needs = open ?? (action.permissions.length ? `Needs one of these permissions: ${action.permissions.join(', ')}.` : 'Only accounts of Kaltura itself may call it.');
    byId('call-about').replaceChildren(el('p', {}, `${returns} ${needs}`), ...action.conditions.map((each) => el('p', {}, each)));
    byId('call-arguments').replaceChildren(...inputs.map((each) => each.node));
    byId('call-reply').replaceChildren();
  });
}

async function send() {
  await open();
  await run(PANEL, async () => {
    const name = byId('call-action').value.trim();
    if (action?.action.toLowerCase() !== name.toLowerCase()) throw new Error('Choose an action first, such as media.list.');
    const nested = readAll(inputs);
    const parameters = flatten(nested);
    const choice = byId('call-session').value;
    const ks = choice === 'none' ? null : choice === 'admin' ? await adminSession(chosen.partner) : sessions[choice].ks;
    const explained = await explain(name, ks, JSON.parse(JSON.stringify(nested)));
    const done = await call(name, parameters, ks);
    byId('call-reply').replaceChildren(exchange(done), checksNote(explained));
    await poll();
  });
}

function showSessions() {
  const known = sessions.map((each, index) => option(index, `session ${sessions.length - index}: ${each.label}`));
  setOptions(byId('call-session'), [option('admin', `an admin session of ${chosen.partner ?? 'the account'}`), option('none', 'no session'), ...known]);
}

// The names of all actions, for the fields that take one.
async function loadActions() {
  const services = await control('GET', 'actions');
  const names = Object.entries(services).flatMap(([service, actions]) => Object.keys(actions).map((name) => `${service}.${name}`));
  byId('actions').replaceChildren(...names.map((name) => option(name)));
}

export function startCall() {
  on('call-action', 'change', open);
  on('call-form', 'submit', send);
  changes.addEventListener('change', showSessions);
  chosen.addEventListener('change', showSessions);
  showSessions();
  // When the page starts, and again after the emulator did.
  events.addEventListener('restart', async () => {
    await run(PANEL, loadActions);
    await open();
  });
}
