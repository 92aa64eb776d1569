// Phones, and others, that register at a PBX over UDP. Prints one line each: account, statuses.
// Arguments: source address, the PBX's address, milliseconds between two, and one word each:
// ACCOUNT:PASSWORD, or ACCOUNT alone for one that never answers a challenge.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';

const [from, to, everyMs, ...words] = process.argv.slice(2);
const md5 = (text) => createHash('md5').update(text).digest('hex');
const socket = createSocket('udp4');
await new Promise((resolve) => socket.bind(0, from, resolve));
const { port } = socket.address();
const waiting = new Map();
socket.on('message', (bytes) => {
  const text = bytes.toString('latin1');
  const branch = /branch=([^;\r\n]+)/.exec(text)?.[1];
  waiting.get(branch)?.(text);
});

async function ask(account, callId, number, authorization) {
  const branch = `z9hG4bK${randomBytes(6).toString('hex')}`;
  const lines = [
    `REGISTER sip:${to} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:${port};branch=${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:${account}@${to}>;tag=${md5(callId).slice(0, 8)}`,
    `To: <sip:${account}@${to}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${number} REGISTER`,
    `Contact: <sip:${account}@${from}:${port}>`,
    'User-Agent: Yealink SIP-T46S 66.85.0.5',
    'Expires: 300',
    ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
    'Content-Length: 0',
  ];
  const answer = new Promise((resolve) => waiting.set(branch, resolve));
  socket.send(`${lines.join('\r\n')}\r\n\r\n`, 5060, to);
  const text = await Promise.race([answer, delay(1_000, '')]);
  return { status: /^SIP\/2.0 (\d+)/.exec(text)?.[1] ?? 'silence', text };
}

for (const word of words) {
  const [account, password] = word.split(':');
  const callId = `${account}-${from}`;
  const first = await ask(account, callId, 1, null);
  const statuses = [first.status];
  const realm = /realm="([^"]*)"/.exec(first.text)?.[1];
  const nonce = /nonce="([^"]*)"/.exec(first.text)?.[1];
  if (password !== undefined && nonce !== undefined) {
    const uri = `sip:${to}`;
    const response = md5(
      `${md5(`${account}:${realm}:${password}`)}:${nonce}:${md5(`REGISTER:${uri}`)}`,
    );
    const digest =
      `Digest username="${account}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${response}", algorithm=MD5`;
    statuses.push((await ask(account, callId, 2, digest)).status);
  }
  console.log(`${account} ${statuses.join(' ')}`);
  await delay(Number(everyMs));
}
socket.close();
process.exit(0);
