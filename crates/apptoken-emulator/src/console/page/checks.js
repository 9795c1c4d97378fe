// The checks before an action, in the server's order, and what would pass them.

import { badge, button, el, libraryWords } from './dom.js';
import { control, controlCurl } from './emulator.js';
import { count } from './format.js';
import { learnFrom } from './secrets.js';

const THEN = {
  modelled: 'The emulator imitates this action.',
  empty: 'The emulator has no such objects, so the list is empty.',
  unknownId: 'The emulator has no such objects, so no id is known.',
  needsAnswer: 'The emulator does not imitate this action: a test gives it an answer (/__control/answers).',
  answer: 'A test has given this action an answer.',
};

export const explain = (action, ks, parameters = {}) =>
  control('POST', 'explain', { action, parameters, https: location.protocol === 'https:', ...(ks && { ks }) });

const EXAMPLES = { int: 1, float: 1, bool: true, array: [] };

// A value for each argument that an action needs, so that its session can be checked.
export async function examplesFor(action) {
  const { parameters } = await control('GET', `actions/${action}`);
  const example = ({ type, values, class: name, classes }) => (name && type !== 'enum' ? { objectType: classes?.[0] ?? name } : values?.[0] ?? EXAMPLES[type] ?? 'x');
  return Object.fromEntries(parameters.filter((each) => each.default === undefined).map((each) => [each.name, example(each)]));
}

// Checks of what was sent, not of who sent it.
const OF_THE_REQUEST = ['arguments', 'filter', 'search', 'newObject'];

// The result of `explain`. `repaired` gets the reply to a repair.
export function checksNote(result, repaired) {
  const { allowed, refusal, checks } = result;
  const shown = checks.filter((check) => check.outcome === 'passed' || check.outcome === 'failed');
  const items = shown.map((check) => {
    return el('li', {}, badge(check.outcome, check.outcome === 'passed' ? 'good' : 'bad'), ` ${check.title}`, check.outcome === 'failed' || shown.length < 4 ? el('small', {}, check.detail) : null);
  });
  const node = el('div', { class: `note ${allowed ? 'good' : 'bad'}` });
  const code = refusal?.code || 'a fatal error of PHP';
  const answer = allowed ? `Yes: ${result.action} passes all checks.` : OF_THE_REQUEST.includes(refusal.check) ? `Not with these arguments: ${code}.` : `No: ${code}.`;
  node.append(el('strong', {}, answer));
  if (allowed) node.append(el('p', {}, THEN[result.then] ?? ''));
  if (refusal) {
    const failed = checks.find((check) => check.check === refusal.check);
    if (failed) node.append(el('p', {}, failed.detail));
    if (refusal.library) node.append(...libraryWords(refusal.library));
  }
  node.append(el('details', {}, el('summary', {}, `${count(shown.filter((check) => check.outcome === 'passed').length, 'check')} passed`), el('ol', { class: 'checks' }, items)));
  for (const repair of repaired ? (result.repairs ?? []).slice(0, 2) : []) node.append(repairButton(repair, repaired));
  return node;
}

function repairButton(repair, repaired) {
  const { method, path, body } = repair.request;
  const relative = path.replace(/^\/__control\//, '');
  return button(repair.text.replace(/\.$/, ''), async () => {
    const reply = await control(method, relative, body);
    learnFrom(reply);
    await repaired(reply, controlCurl(method, relative, body));
  }, { class: 'primary' });
}
