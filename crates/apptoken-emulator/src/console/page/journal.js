// Panel 5: the journal. The rows stay where they are and only their texts change, so that nothing moves, and 10,000
// requests cost no more than a page of them.

import { byId, el, facts, on, run, setText, showTrace } from './dom.js';
import { control, controlCurl, events, isOk, poll, state } from './emulator.js';
import { clockText, count, timeOfDay } from './format.js';

const PANEL = 'journal';
const ROWS = 12;

let rows = [];
let page = 0;
// What is shown while it is held; `null` while it is live.
let held = null;
let selected = null;

function filter() {
  const action = byId('journal-action').value.trim().toLowerCase();
  const outcome = byId('journal-outcome').value;
  const account = byId('journal-account').value.trim();
  return (entry) =>
    (!action || entry.action.toLowerCase().includes(action) || entry.parts.some(([part]) => part.toLowerCase().includes(action))) &&
    (!account || String(entry.partner ?? '') === account) &&
    (outcome === '' || (outcome === 'ok' ? isOk(entry) : outcome === 'fault' ? entry.fault !== null : !isOk(entry)));
}

function makeRow() {
  const cells = ['time', 'action', 'account', 'outcome', 'fault'].map((name) => el('td', { class: name }));
  const link = el('button', { type: 'button', class: 'link' });
  cells[1].append(link);
  const row = el('tr', {}, cells);
  const parts = { row, time: cells[0], link, account: cells[2], outcome: cells[3], fault: cells[4], entry: null };
  link.addEventListener('click', () => {
    hold(true);
    selected = parts.entry;
    showSelected();
    show();
  });
  return parts;
}

function fill(row, entry) {
  row.entry = entry ?? null;
  row.row.classList.toggle('selected', Boolean(entry) && entry === selected);
  row.link.hidden = !entry;
  row.row.classList.toggle('bad', Boolean(entry) && !isOk(entry));
  setText(row.time, entry ? timeOfDay(entry.at) : '');
  setText(row.link, entry ? entry.action || '(not of the API)' : '');
  setText(row.account, entry?.partner ? String(entry.partner) : '');
  setText(row.outcome, entry ? outcomeOf(entry) : '');
  setText(row.fault, entry?.fault ?? '');
}

function outcomeOf(entry) {
  const bad = entry.parts.filter(([, outcome]) => outcome !== 'ok').length;
  return entry.outcome === 'ok' && bad ? `ok, ${bad} of ${entry.parts.length} parts refused` : entry.outcome;
}

function show() {
  const all = held ?? state.entries;
  const matches = filter();
  const matching = all.filter(matches);
  const pages = Math.max(1, Math.ceil(matching.length / ROWS));
  page = Math.min(page, pages - 1);
  for (const [index, row] of rows.entries()) fill(row, matching[matching.length - 1 - page * ROWS - index]);
  setText(byId('journal-count'), `${count(matching.length, 'request')} of ${state.requests.toLocaleString('en')}`);
  setText(byId('journal-page'), `page ${page + 1} of ${pages}`);
  byId('journal-newer').disabled = page === 0;
  byId('journal-older').disabled = page >= pages - 1;
  const waiting = held ? state.requests - (held.at(-1)?.number ?? 0) : 0;
  setText(byId('journal-new'), held ? `${count(waiting, 'new request')} since then` : 'live');
}

function showSelected() {
  if (!selected) return;
  const entry = selected;
  const rowsOfEntry = [
    ['Request', `${entry.number}, ${entry.method}, ${clockText(entry.at)} UTC`],
    ['Status', entry.status === null ? 'no reply' : String(entry.status)],
    ['Outcome', outcomeOf(entry)],
    ['Parameters', entry.parameters.map(([name, value]) => (value === null ? `${name} (hidden)` : `${name}=${value}`)).join(', ') || 'none'],
  ];
  if (entry.parts.length) rowsOfEntry.push(['Parts', entry.parts.map(([action, outcome]) => `${action}: ${outcome}`).join(', ')]);
  if (entry.fault) rowsOfEntry.push(['Fault', entry.fault]);
  if (entry.answers.length) rowsOfEntry.push(['Answers', entry.answers.join(', ')]);
  byId('journal-entry').replaceChildren(facts(rowsOfEntry));
}

function hold(isHeld) {
  if (isHeld === (held !== null)) return;
  held = isHeld ? [...state.entries] : null;
  if (!isHeld) page = 0;
  byId('journal-hold').setAttribute('aria-checked', String(isHeld));
  show();
}

function trace() {
  const query = new URLSearchParams();
  const action = byId('journal-action').value.trim();
  if (/^\w+\.\w+$/.test(action)) query.set('action', action);
  if (byId('journal-account').value.trim()) query.set('partner', byId('journal-account').value.trim());
  if (byId('journal-outcome').value === 'ok') query.set('outcome', 'ok');
  showTrace('journal-trace', [controlCurl('GET', `journal${query.size ? `?${query}` : ''}`)]);
}

export function startJournal() {
  rows = Array.from({ length: ROWS }, makeRow);
  byId('journal-rows').replaceChildren(...rows.map((row) => row.row));
  for (const id of ['journal-action', 'journal-account', 'journal-outcome']) {
    on(id, 'input', () => {
      page = 0;
      show();
      trace();
    });
  }
  on('journal-hold', 'click', () => hold(held === null));
  on('journal-newer', 'click', () => {
    page--;
    show();
  });
  on('journal-older', 'click', () => {
    hold(true);
    page++;
    show();
  });
  on('journal-clear', 'click', () =>
    run(PANEL, async () => {
      await control('DELETE', 'journal');
      showTrace('journal-trace', [controlCurl('DELETE', 'journal')]);
      hold(false);
      await poll();
    }),
  );
  events.addEventListener('restart', () => hold(false));
  events.addEventListener('change', show);
  trace();
}
