// OPTIONS, REGISTER and INVITE, 4 : 4 : 2, each with numbers of its own, written into ready templates.
const DIGITS = 10;
const SLOT = '0'.repeat(DIGITS);
const MIX = ['OPTIONS', 'REGISTER', 'OPTIONS', 'REGISTER', 'INVITE'];

/**
 * `next(number)` gives a message whose Call-ID, branch and tag hold `number`. Its bytes stay as they
 * are for `kept` further calls, for the kernel copies them a little later.
 */
export function createMessages(bytes, transport, kept = 4096) {
  const rings = MIX.map((method) => makeRing(method, bytes, transport, Math.ceil(kept / 5)));
  return (number) => {
    const ring = rings[number % MIX.length];
    const { buffers, slots } = ring;
    ring.at = (ring.at + 1) % buffers.length;
    const buffer = buffers[ring.at];
    for (const slot of slots) {
      let rest = number;
      for (let digit = DIGITS - 1; digit >= 0; digit -= 1) {
        buffer[slot + digit] = 48 + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    }
    return buffer;
  };
}

/** The same as text for udp-sender.c: their number, then of each its length, its slots, its bytes. */
export function messageTemplates(bytes) {
  const templates = MIX.map((method) => makeTemplate(method, bytes, 'udp'));
  const blocks = templates.map(
    ({ text, slots }) => `${text.length} ${slots.length} ${slots.join(' ')}\n${text}`,
  );
  return `${templates.length}\n${blocks.join('\n')}\n`;
}

function makeRing(method, bytes, transport, count) {
  const { text, slots } = makeTemplate(method, bytes, transport);
  const buffers = Array.from({ length: count }, () => Buffer.from(text, 'latin1'));
  return { buffers, slots, at: 0 };
}

function makeTemplate(method, bytes, transport) {
  const head = [
    `${method} sip:1001@pbx.example.org SIP/2.0`,
    `Via: SIP/2.0/${transport.toUpperCase()} 198.51.100.7:5060;branch=z9hG4bK-${SLOT};rport`,
    'Max-Forwards: 70',
    `From: "1001" <sip:1001@pbx.example.org>;tag=${SLOT}`,
    'To: <sip:1001@pbx.example.org>',
    `Call-ID: bench-${SLOT}@198.51.100.7`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:1001@198.51.100.7:5060>',
    'User-Agent: Some Softphone 5.2.1',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
    'Supported: replaces, timer',
    'Accept: application/sdp',
  ].join('\r\n');
  const bodyBytes = Math.max(0, bytes - head.length - 60);
  const type = bodyBytes === 0 ? '' : '\r\nContent-Type: text/plain';
  const text = `${head}${type}\r\nContent-Length: ${bodyBytes}\r\n\r\n${'x'.repeat(bodyBytes)}`;
  const slots = [];
  for (let at = text.indexOf(SLOT); at !== -1; at = text.indexOf(SLOT, at + DIGITS)) slots.push(at);
  return { text, slots };
}

const MARK = Buffer.from('Call-ID: bench-');

/** The number in an answer; -1 when it is none of ours. */
export function numberOf(answer, from = 0) {
  const at = answer.indexOf(MARK, from);
  if (at === -1) return -1;
  let number = 0;
  for (let digit = 0; digit < DIGITS; digit += 1) {
    number = number * 10 + ((answer[at + MARK.length + digit] ?? 48) - 48);
  }
  return number;
}
