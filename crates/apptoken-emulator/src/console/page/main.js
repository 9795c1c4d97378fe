// Starts the panels, each a module. Only `emulator.js` sends requests.

import { startAccounts } from './accounts.js';
import { startCall } from './call.js';
import { el } from './dom.js';
import { keepPolling } from './emulator.js';
import { startHeader } from './header.js';
import { startJournal } from './journal.js';
import { startLogin } from './login.js';
import { startSessionPanel } from './session.js';
import { startTimeline } from './timeline.js';

// The explanation under a field is read out with it.
for (const [index, help] of document.querySelectorAll('.field > small').entries()) {
  help.id = `help-${index}`;
  help.parentElement.querySelector('input, select').setAttribute('aria-describedby', help.id);
}
// What a panel could not do is said under its heading.
for (const heading of document.querySelectorAll('.panel > :first-child')) heading.after(el('p', { class: 'problem', role: 'alert' }));
// Forms are for the scripts only.
document.addEventListener('submit', (event) => event.preventDefault());
startHeader();
startAccounts();
startLogin();
startSessionPanel();
startTimeline();
startJournal();
startCall();
keepPolling();
