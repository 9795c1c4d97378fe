// What the TypeScript client needs of a browser: `node --require browser.cjs PROGRAM`. The client is for web applications,
// whose tests run in jsdom.

const { createRequire } = require('node:module');
const { join } = require('node:path');

const { JSDOM } = createRequire(join(process.cwd(), 'package.json'))('jsdom');
globalThis.XMLHttpRequest = new JSDOM('', { url: 'http://application.test' }).window.XMLHttpRequest;
