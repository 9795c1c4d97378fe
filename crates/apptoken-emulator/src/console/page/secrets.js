// Which texts are secret. The page shows them as dots.

export const DOTS = '••••••••';
const SECRET_NAME = /^(ks|token|tokenhash|hash|hashkey|secret|.*(secret|password|privatekey))$/i;
// A session can be where no name says so, as in an error message.
const SESSION = /\b(djJ8|[A-Za-z0-9+/_-]{54}f)[A-Za-z0-9+/_=-]{24,}/g;
// Shorter texts are words of other texts.
const SHORTEST = 6;
const MOST = 2000;

const known = new Set();

export function learn(value) {
  if (typeof value !== 'string' || value.length < SHORTEST) return;
  for (const form of [value, encodeURIComponent(value)]) known.add(form);
  if (known.size > MOST) known.delete(known.values().next().value);
}

export const isSecretName = (name) => SECRET_NAME.test(name.split(':').at(-1));

// Learns the secrets in a request or a reply.
export function learnFrom(value, name = '') {
  if (typeof value === 'string') {
    if (isSecretName(name)) learn(value);
  } else if (value && typeof value === 'object') {
    for (const [key, part] of Object.entries(value)) learnFrom(part, Array.isArray(value) ? name : key);
  }
}

export function mask(text) {
  let masked = text;
  for (const each of [...known].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(each, DOTS);
  return masked.replace(SESSION, DOTS);
}

export const isMasked = (text) => mask(text) !== text;
