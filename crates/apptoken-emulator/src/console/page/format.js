// Times and amounts for people, by the emulator's clock, in UTC.

export function clockText(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

export const timeOfDay = (seconds) => clockText(seconds).slice(11);

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

// Such as `1 d 3 h`, `41 min` or `12 s`.
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const at = UNITS.findIndex(([size]) => whole >= size);
  if (at < 0) return `${whole} s`;
  const [size, unit] = UNITS[at];
  const [smaller, smallerUnit] = UNITS[at + 1] ?? [1, 's'];
  const rest = Math.floor((whole % size) / smaller);
  return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${smallerUnit}` : ''}`;
}

export const leftText = (left) => (left > 0 ? `${span(left)} left` : `ended ${span(-left)} ago`);

export const count = (number, one, more = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : more}`;
