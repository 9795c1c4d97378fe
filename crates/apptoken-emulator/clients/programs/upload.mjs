// Uploads a file in pieces, continues after an interruption, and waits until the entry is ready.

import { clientWith, kaltura, sessionOf, widgetSession } from './login.mjs';

const { media, uploadToken } = kaltura.services;
const { MediaEntry, UploadedFileTokenResource, UploadToken } = kaltura.objects;
const PIECE = 400_000;

const file = Buffer.alloc(1_000_000, 'a film ');
const { ks } = await sessionOf(await widgetSession(), 'uploader', 3600, '');
const client = clientWith(ks);

const token = await uploadToken.add(new UploadToken({ fileName: 'film.mp4', fileSize: file.length })).execute(client);

async function sendFrom(at, pieces) {
  for (let sent = 0; at < file.length && sent < pieces; sent += 1) {
    const piece = file.subarray(at, at + PIECE);
    const isLast = at + piece.length === file.length;
    const answer = await uploadToken.upload(token.id, Buffer.from(piece), at > 0, isLast, at).execute(client);
    at += piece.length;
    console.log(`uploaded ${answer.uploadedFileSize}, status ${answer.status}`);
  }
}

await sendFrom(0, 1);
// Another process would continue like this.
const state = await uploadToken.get(token.id).execute(client);
await sendFrom(Number(state.uploadedFileSize), Infinity);

const wanted = new MediaEntry({ name: 'A film', mediaType: kaltura.enums.MediaType.VIDEO });
const entry = await media.add(wanted).execute(client);
await media.addContent(entry.id, new UploadedFileTokenResource({ token: token.id })).execute(client);
// The status is a number, and the enum of this client has texts.
const isReady = async () => Number((await media.get(entry.id).execute(client)).status) === Number(kaltura.enums.EntryStatus.READY);
for (let tries = 0; !(await isReady()); tries += 1) {
  if (tries === 10) throw new Error('the entry is not ready');
}
console.log(`${entry.name} of ${entry.userId} is ready`);
