// Panel 4: requests, renewals, refusals and session lives over the emulator's clock.

import { byId, on, setText } from './dom.js';
import { events, isOk, now, state } from './emulator.js';
import { clockText, count, span, timeOfDay } from './format.js';

const LANES = 6;
const LANE = 16;
const TOP = 34;
const HEIGHT = TOP + LANES * LANE + 26;
const GAP = 92;

const sessionsOf = (entry) => entry.sessions ?? [];
const isRenewal = (entry) => sessionsOf(entry).some((session) => session.renewal);

// The shapes of requests differ, so that colours are not needed.
function kindOf(entry) {
  if (entry.fault) return 'fault';
  if (!isOk(entry)) return 'refused';
  if (isRenewal(entry)) return 'renewal';
  return 'ok';
}

// Colour and height, so that different requests do not cover each other.
const MARKS = { ok: ['--good', 6], renewal: ['--accent', 13], refused: ['--bad', 20], fault: ['--warn', 27] };

function shape(context, kind, x, y) {
  context.beginPath();
  if (kind === 'ok') context.arc(x, y, 4, 0, 7);
  else if (kind === 'renewal') context.rect(x - 4, y - 4, 8, 8);
  else if (kind === 'fault') {
    context.moveTo(x, y - 6);
    context.lineTo(x + 6, y + 4);
    context.lineTo(x - 6, y + 4);
    context.closePath();
  } else {
    context.moveTo(x - 4, y - 4);
    context.lineTo(x + 4, y + 4);
    context.moveTo(x + 4, y - 4);
    context.lineTo(x - 4, y + 4);
    context.lineWidth = 2.5;
    context.stroke();
    return;
  }
  context.fill();
}

// From when to when is shown: the chosen time before now, or all that is known.
function range(entries) {
  const chosen = Number(byId('timeline-range').value);
  const end = Math.max(now(), entries.at(-1)?.at ?? 0);
  const first = entries.reduce((least, entry) => Math.min(least, entry.at), end);
  const length = chosen || Math.max(60, end - first);
  return [end - length, end + length * 0.04];
}

function draw() {
  const canvas = byId('timeline-plot');
  const width = canvas.clientWidth;
  if (!width || !state.time) return;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(HEIGHT * scale);
  }
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  const colours = {};
  // A colour as it is in the present scheme.
  const colour = (name) => {
    if (!colours[name]) canvas.style.color = `var(${name})`;
    return (colours[name] ??= style.color);
  };
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  context.font = `12px ${style.fontFamily}`;
  context.textBaseline = 'middle';
  const gap = width < 480 ? 66 : GAP;
  const [from, to] = range(state.entries);
  const x = (time) => gap + ((time - from) / (to - from)) * (width - gap - 8);

  context.fillStyle = colour('--soft');
  context.strokeStyle = colour('--line');
  context.fillText('requests', 4, TOP / 2);
  context.fillText('sessions', 4, TOP + LANE / 2);
  const marks = width < 480 ? 2 : 5;
  for (let mark = 0; mark <= marks; mark++) {
    const time = from + ((to - from) * mark) / marks;
    context.beginPath();
    context.moveTo(x(time), 2);
    context.lineTo(x(time), HEIGHT - 22);
    context.stroke();
    context.textAlign = mark === 0 ? 'left' : mark === marks ? 'right' : 'center';
    context.fillText(to - from > 172_800 ? clockText(time).slice(5, 16) : timeOfDay(time), x(time), HEIGHT - 10);
  }
  context.textAlign = 'left';

  // One mark for requests of the same kind at the same place.
  const drawn = new Set();
  const lives = [];
  for (const entry of state.entries) {
    for (const session of sessionsOf(entry)) lives.push({ ...session, at: entry.at });
    if (entry.at < from) continue;
    const kind = kindOf(entry);
    const at = Math.round(x(entry.at));
    if (drawn.has(kind + at)) continue;
    drawn.add(kind + at);
    const [name, y] = MARKS[kind];
    context.fillStyle = context.strokeStyle = colour(name);
    shape(context, kind, at, y);
  }
  const shownLives = lives.filter((life) => life.expiresAt >= from).slice(-LANES);
  for (const [lane, life] of shownLives.entries()) {
    const start = Math.max(gap, x(life.at));
    const end = Math.min(width - 8, x(life.expiresAt));
    const y = TOP + lane * LANE;
    context.fillStyle = colour(life.expiresAt <= now() ? '--line' : life.kind === 'widget' ? '--soft-accent' : '--accent-fill');
    context.fillRect(start, y + 2, Math.max(3, end - start), LANE - 4);
    context.fillStyle = colour('--text');
    const label = life.kind === 'widget' ? 'widget' : life.user || life.kind;
    if (context.measureText(label).width + 8 < end - start) context.fillText(label, start + 4, y + LANE / 2);
  }
  describe(lives, to - from);
}

function describe(lives, length) {
  const counts = { ok: 0, refused: 0, fault: 0, renewal: 0 };
  for (const entry of state.entries) counts[kindOf(entry)]++;
  const running = lives.filter((life) => life.expiresAt > now()).length;
  const text = `${span(length)} shown. ${count(state.entries.length, 'request')}: ${counts.ok} ok, ${count(counts.renewal, 'renewal')}, ${counts.refused} refused, ${counts.fault} with a fault. ${count(lives.length, 'session')}, ${running} of them running.`;
  setText(byId('timeline-words'), text);
}

export function startTimeline() {
  on('timeline-range', 'change', draw);
  events.addEventListener('change', draw);
  new ResizeObserver(draw).observe(byId('timeline-plot'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}
