// The head of the page: clock, faults, requests, and whether the emulator answers.

import { button, byId, el, on, option, run, say, setText, showTrace } from './dom.js';
import { control, controlCurl, events, moveClock, now, poll, state, useControlToken } from './emulator.js';
import { clockText, count, span } from './format.js';

const PANEL = 'control';

const MOVES = [60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000];

// What can go wrong, as docs/control.md lists it.
export const TROUBLES = [
  ['HTTP 503', { status: 503 }],
  ['HTTP 429', { status: 429 }],
  ['API error: internal error', { apiError: 'INTERNAL_SERVERL_ERROR' }],
  ['API error: rate limit', 'actionBlocked'],
  ['no reply: refused', 'refused'],
  ['no reply: reset', 'reset'],
  ['cut after 10 bytes', { cutAfter: 10 }],
  ['half of the reply', 'truncated'],
  ['empty reply', 'emptyReply'],
  ['the reply null', 'null'],
  ['invalid JSON', 'malformed'],
  ['XML instead of JSON', 'xml'],
  ['a web page, HTTP 502', { html: 502 }],
  ['a redirect', { redirect: { status: 302, location: 'https://localhost/' } }],
  ['one second late', { delay: 1000 }],
  ['byte by byte', { drip: { chunk: 1, pause: 20 } }],
];

const SWITCHED = ['session.startWidgetSession', 'appToken.startSession', 'session.get'];

const nameOf = (trouble) => TROUBLES.find(([, each]) => JSON.stringify(each) === JSON.stringify(trouble))?.[0] ?? JSON.stringify(trouble);

async function move(seconds, what) {
  await run(PANEL, async () => {
    await moveClock(seconds);
    showTrace('control-trace', [controlCurl('POST', `clock/advance?seconds=${seconds}`)]);
    say(`The clock was moved by ${what}. It is ${clockText(now())} UTC.`);
  });
}

async function addFault(action, trouble, nth) {
  const body = { ...(action && { action }), trouble, ...(nth && { nth }) };
  await run(PANEL, async () => {
    await control('POST', 'faults', body);
    showTrace('control-trace', [controlCurl('POST', 'faults', body)]);
    await poll();
    say(`Fault on: ${nameOf(trouble)}, for ${action || 'all requests'}.`);
  });
}

async function removeFaults(faults) {
  await run(PANEL, async () => {
    for (const { id } of faults) await control('DELETE', `faults/${id}`);
    showTrace('control-trace', faults.map(({ id }) => controlCurl('DELETE', `faults/${id}`)));
    await poll();
    say('Fault off.');
  });
}

const troubleSelect = (label) => el('select', { 'aria-label': label }, TROUBLES.map(([name], index) => option(index, name)));

// A switch for one action: on while it has a fault, whoever made it.
function faultSwitch(action) {
  const select = troubleSelect(`What goes wrong with ${action}`);
  const faults = () => state.faults.filter((fault) => fault.action === action);
  const toggle = button('off', () => (faults().length ? removeFaults(faults()) : addFault(action, TROUBLES[select.value][1])), {
    role: 'switch',
    'aria-label': `Fault for ${action}`,
    class: 'switch',
  });
  const update = () => {
    const isOn = faults().length > 0;
    toggle.setAttribute('aria-checked', String(isOn));
    toggle.textContent = isOn ? 'on' : 'off';
    select.disabled = isOn;
    const known = isOn ? TROUBLES.findIndex(([, trouble]) => JSON.stringify(trouble) === JSON.stringify(faults()[0].trouble)) : -1;
    if (known >= 0) select.value = known;
  };
  return { node: el('li', {}, el('code', {}, action), select, toggle), update };
}

let listed = '';

function showOthers() {
  const others = state.faults.filter((fault) => !SWITCHED.includes(fault.action));
  const text = JSON.stringify(others);
  if (text === listed) return;
  listed = text;
  byId('faults-other').replaceChildren(
    ...others.map((fault) => {
      const what = `${nameOf(fault.trouble)}, for ${fault.action ?? 'all requests'}${fault.nth ? `, only request ${fault.nth} from now` : ''}`;
      return el('li', {}, el('span', {}, what), button('Remove', () => removeFaults([fault]), { class: 'small', 'aria-label': `Remove the fault: ${what}` }));
    }),
  );
}

function showReach() {
  const text = state.isReachable
    ? ''
    : state.isRefused
      ? 'The emulator refuses this page. From another machine it needs the control token.'
      : 'The emulator does not answer. What you see is from before; the page goes on when it is back.';
  const banner = byId('reach');
  banner.hidden = state.isReachable;
  byId('control-token-form').hidden = !state.isRefused;
  setText(byId('reach-text'), text);
}

export function startHeader() {
  byId('origin').textContent = location.host;
  for (const each of document.querySelectorAll('[data-seconds]')) {
    each.addEventListener('click', () => move(Number(each.dataset.seconds), each.textContent));
  }
  const slider = byId('clock-slider');
  const label = () => {
    const text = span(MOVES[slider.value]);
    slider.setAttribute('aria-valuetext', text);
    byId('clock-move').textContent = `Move by ${text}`;
  };
  slider.addEventListener('input', label);
  label();
  on('clock-move', 'click', () => move(MOVES[slider.value], span(MOVES[slider.value])));
  on('clock-now', 'click', () =>
    run(PANEL, async () => {
      await control('POST', 'clock', { time: 'now' });
      showTrace('control-trace', [controlCurl('POST', 'clock', { time: 'now' })]);
      await poll();
    }),
  );
  const switches = SWITCHED.map(faultSwitch);
  byId('fault-switches').append(...switches.map((each) => each.node));
  const select = byId('fault-trouble');
  select.append(...TROUBLES.map(([name], index) => option(index, name)));
  on('fault-form', 'submit', () =>
    addFault(byId('fault-action').value.trim(), TROUBLES[select.value][1], byId('fault-once').checked ? 1 : null),
  );
  on('control-token-form', 'submit', () => useControlToken(byId('control-token').value));
  events.addEventListener('change', () => {
    showReach();
    if (!state.time) return;
    byId('clock').textContent = clockText(now());
    byId('requests').textContent = state.requests.toLocaleString('en');
    byId('faults-on').textContent = state.faults.length ? `${count(state.faults.length, 'fault')} on` : 'no faults';
    byId('faults-on').className = `badge ${state.faults.length ? 'warn' : 'plain'}`;
    for (const each of switches) each.update();
    showOthers();
  });
}
