// Elements, and pieces of several panels. Text is only inserted as text.

import { DOTS, isMasked, mask } from './secrets.js';

const SVG = 'http://www.w3.org/2000/svg';

const VISIBLE_MS = 30_000;

// An element. `on…` properties are listeners, `true` is an attribute without a value, `false` and `null` are left out.
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

export const on = (id, event, work) => byId(id).addEventListener(event, work);

export const button = (text, onclick, attributes = {}) => el('button', { type: 'button', onclick, ...attributes }, text);

export const option = (value, text = value) => el('option', { value }, text);

// Replaces the options of a select and keeps the chosen one, if it is still there.
export function setOptions(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options);
  if (options.some((each) => each.value === chosen)) select.value = chosen;
}

export function field(label, control, help = '') {
  const id = (control.id ||= `field-${(field.count = (field.count ?? 0) + 1)}`);
  if (help) control.setAttribute('aria-describedby', `${id}-help`);
  return el('div', { class: 'field' }, el('label', { for: id }, label), control, help && el('small', { id: `${id}-help` }, help));
}

function eye(isOpen) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', `M2 12q10-14 20 0q-10 14-20 0zM12 9a3 3 0 1 0 .1 0z${isOpen ? '' : 'M4 21L20 3'}`);
  svg.append(path);
  return svg;
}

// A button that shows secrets and hides them again after a while. `show` is called with whether they are visible.
function eyeButton(what, show) {
  let timer;
  const node = button('', () => set(node.getAttribute('aria-pressed') !== 'true'), { class: 'eye' });
  const set = (isVisible) => {
    clearTimeout(timer);
    if (isVisible) timer = setTimeout(set, VISIBLE_MS, false);
    node.setAttribute('aria-pressed', isVisible);
    node.setAttribute('aria-label', `Show ${what}`);
    node.title = isVisible ? 'Hide' : 'Show for 30 s';
    node.replaceChildren(eye(isVisible));
    show(isVisible);
  };
  set(false);
  return node;
}

function copyButton(what, text) {
  const copy = () => navigator.clipboard.writeText(text).then(() => say(`Copied: ${what}.`), () => say('The browser does not allow copying.'));
  return button('Copy', copy, { class: 'small', 'aria-label': `Copy ${what}` });
}

// A block of text with a title. Secrets in it are hidden until the eye is pressed; a copy has them.
export function code(title, text, { tall = false } = {}) {
  const pre = el('pre', tall ? { class: 'tall', tabindex: 0, role: 'group', 'aria-label': title } : {}, mask(text));
  const tools = el('span', { class: 'tools' });
  if (isMasked(text)) tools.append(eyeButton(`the secrets of: ${title}`, (isVisible) => (pre.textContent = isVisible ? text : mask(text))));
  tools.append(copyButton(title, text));
  return el('div', { class: 'code' }, el('div', { class: 'code-head' }, el('span', {}, title), tools), pre);
}

export function secret(what, value) {
  const text = el('code', {});
  return el('span', { class: 'secret' }, text, eyeButton(what, (isVisible) => (text.textContent = isVisible ? value : DOTS)));
}

export function exchange(done, title = done.action) {
  const reply = typeof done.reply === 'string' && done.reply !== done.text ? JSON.stringify(done.reply) : pretty(done);
  const took = done.status ? `${done.status}, ${Math.max(1, Math.round(done.ms))} ms` : 'no reply';
  return el('div', { class: 'exchange' }, code(`${title}: request`, done.curl), code(`Reply (${took})`, reply));
}

function pretty(done) {
  if (done.reply === undefined) return done.text || '(nothing)';
  return JSON.stringify(done.reply, null, 1).replace(/^ +/gm, (indent) => indent + indent);
}

// Shows in a panel what it just did, as curl lines.
export function showTrace(id, commands) {
  byId(id).replaceChildren(code('The same with curl', commands.join('\n')));
}

// A word for a state, with a colour that only repeats it.
export const badge = (text, kind) => el('span', { class: `badge ${kind}` }, text);

export const facts = (rows) => el('dl', {}, rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// What the library says of an error.
export const libraryWords = ({ error, advice }) => [el('p', {}, `The library says: ${error}`), el('p', {}, `Advice: ${advice}`)];

// A line that screen readers read out.
export function say(text) {
  byId('said').textContent = text;
}

// A bar for the rest of a life, which `update(left, total, text)` moves.
export function lifeBar(label) {
  const fill = el('span', {});
  const words = el('span', { class: 'life-text' });
  const bar = el('span', { class: 'bar', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 }, fill);
  const node = el('div', { class: 'life' }, bar, words);
  const update = (left, total, text) => {
    const percent = total > 0 ? Math.max(0, Math.min(100, Math.round((100 * left) / total))) : 0;
    fill.style.transform = `scaleX(${percent / 100})`;
    bar.setAttribute('aria-valuenow', percent);
    bar.setAttribute('aria-valuetext', text);
    bar.classList.toggle('low', percent < 20);
    words.textContent = text;
  };
  return { node, update };
}

// Runs what a button does: it is busy meanwhile, and a failure is shown in the panel.
export async function run(panel, work) {
  const problem = byId(panel).querySelector('.problem');
  problem.textContent = '';
  byId(panel).setAttribute('aria-busy', 'true');
  try {
    return await work();
  } catch (why) {
    problem.textContent = mask(why.message);
    return undefined;
  } finally {
    byId(panel).removeAttribute('aria-busy');
  }
}
