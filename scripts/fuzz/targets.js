import { fileURLToPath } from 'node:url';
import { toCoreSettings } from '../../dist/agent/core-settings.js';
import { decideSettings } from '../../dist/config/load.js';
import { loadRules } from '../../dist/config/rules/rules.js';
import { createBlockState } from '../../dist/core/block/decide.js';
import { createCounts } from '../../dist/core/counts.js';
import { compileRules, createDetectState } from '../../dist/core/detect/detect.js';
import { createFramer, flush, push } from '../../dist/core/sip/frame.js';
import { parseMessage } from '../../dist/core/sip/parse.js';
import { step } from '../../dist/core/step.js';
import { answerRequest, createAnswerState } from '../../dist/core/trap/answer.js';
import { createPbxState } from '../../dist/core/pbx/state.js';
import { PERSONAS } from '../../dist/core/trap/personas/personas.js';
import { proveSource } from '../../dist/core/trap/proof/prove.js';
import { createRetransmissions } from '../../dist/core/trap/retransmission.js';

const RULES = fileURLToPath(new URL('../../rules/', import.meta.url));
const SECRET = Buffer.alloc(32, 7);
const START_US = 1_800_000_000_000_000;
const SOURCES = ['192.0.2.1', '192.0.2.200', '2001:db8::1', '198.51.100.7'];
const READERS = (
  'kind method requestUri statusCode anomalies callId cseqNumber cseqMethod viaBranch userAgent ' +
  'fromUser fromHost fromTag toUser toHost toTag requestUser contact contentType authorization'
).split(' ');

/** What is tried on each message. `run` throws when something is wrong. */
export async function createTargets() {
  const rules = compileRules(await loadRules([RULES]));
  return [
    { name: 'parse', run: tryParse },
    { name: 'frame', run: tryFrame },
    { name: 'prove', run: tryProve },
    answerTarget(),
    stepTarget(rules),
    mirrorTarget(rules),
  ];
}

function tryParse(bytes) {
  const message = parseMessage(bytes);
  for (const name of READERS) void message[name];
  message.headerNames();
  message.headers('via');
  message.header('require');
}

/** The same bytes in two pieces must give the same messages as in one. */
function tryFrame(bytes) {
  const whole = frame([bytes]);
  const middle = bytes.length >> 1;
  const halves = frame([bytes.subarray(0, middle), bytes.subarray(middle)]);
  must(whole === halves, `framing differs: ${whole} in one piece, ${halves} in two`);
}

function frame(chunks) {
  const framer = createFramer({ headBytesMax: 32_768, messageBytesMax: 65_535 });
  const lengths = [];
  for (const chunk of chunks) {
    if (framer.failure !== null) break;
    for (const message of push(framer, Buffer.from(chunk)).messages) lengths.push(message.length);
  }
  // The last one is what had come when the fault was seen, which may be more or less.
  if (framer.failure !== null) return `${lengths.slice(0, -1).join()} failure`;
  const rest = flush(framer);
  return `${lengths.join()} rest ${rest === null ? 'none' : rest.length}`;
}

function tryProve(bytes) {
  const message = parseMessage(bytes);
  const proof = proveSource(message, 'udp', SOURCES[0], SECRET, START_US);
  must(proof === 'none', `a forged message proves its address by ${proof}`);
}

function settingsOf(persona) {
  return {
    persona,
    secret: SECRET,
    realm: 'asterisk',
    algorithms: ['MD5', 'SHA-256'],
    answering: 'active',
    lure: { passwords: ['1234', 'secret'] },
    rates: { perSource: 1e9, perNetwork: 1e9 },
    callsMax: 0,
    callDurationMaxUs: 60_000_000,
  };
}

/** One persona after the other. */
function answerTarget() {
  const state = createAnswerState();
  const all = Object.values(PERSONAS).map(settingsOf);
  let id = 0;
  return {
    name: 'answer',
    run: (bytes) => {
      id += 1;
      const settings = all[id % all.length];
      const source = { address: SOURCES[id % SOURCES.length], port: 5060 };
      const transport = id % 5 === 0 ? 'tcp' : 'udp';
      const message = parseMessage(bytes);
      const receivedAtUs = START_US + id * 1000;
      const proof = proveSource(message, transport, source.address, SECRET, receivedAtUs);
      const local = { address: '0.0.0.0', port: 5060 };
      const event = { id, receivedAtUs, transport, source, local, proof, message };
      const { messages } = answerRequest({ ...event, retransmission: false }, settings, state);
      must(proof !== 'none' || messages.length <= 1, 'more than one answer to an unproven source');
      must(message.kind === 'request' || messages.length === 0, 'an answer to no request');
      for (const answer of messages) checkAnswer(answer);
    },
  };
}

function checkAnswer(bytes) {
  const text = bytes.toString('latin1');
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  must(!/[\0\r\n]/.test(head.replaceAll('\r\n', '')), 'a stray line end or NUL in an answer');
  for (const line of head.split('\r\n').slice(1)) {
    must(/^[A-Z][A-Za-z-]+: /.test(line), `a line that is no header of ours: ${line}`);
  }
}

function stepTarget(rules) {
  const state = makeState(rules);
  let sent = 0;
  let answers = 0;
  return {
    name: 'step',
    run: (bytes) => {
      sent += 1;
      const nowUs = START_US + sent * 1000;
      const address = `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
      const source = { address, port: 5060 };
      const local = { address: '198.51.100.1', port: 5060 };
      const packet = { receivedAtUs: nowUs, transport: 'udp', source, local, bytes };
      const effects = step(state, { kind: 'packet', packet }, nowUs);
      const out = effects.filter(({ kind }) => kind === 'answer');
      answers += out.length > 0 ? 1 : 0;
      const bytesOut = out.reduce((sum, effect) => sum + effect.bytes.length, 0);
      must(bytesOut <= 3 * bytes.length, `${bytesOut} bytes out for ${bytes.length}`);
      const faults = effects.filter(({ kind }) => kind === 'fault');
      must(faults.length === 0, `a rule failed: ${faults[0]?.fault.message}`);
      checkCounts(state.counts, sent, answers);
      if (sent % 1000 === 0) step(state, { kind: 'tick' }, nowUs);
    },
  };
}

/** What mirrors show of a PBX: some of it as if it came from there. */
function mirrorTarget(rules) {
  const state = makeState(rules);
  const pbx = { address: '198.51.100.1', port: 5060 };
  state.pbx.isOwn = (address) => address === pbx.address;
  let sent = 0;
  return {
    name: 'mirror',
    run: (bytes) => {
      sent += 1;
      const nowUs = START_US + sent * 1000;
      const peer = { address: `10.0.0.${(sent >> 2) & 255}`, port: 5060 };
      const answers = sent % 4 === 3;
      const [source, local] = answers ? [pbx, peer] : [peer, pbx];
      const packet = { receivedAtUs: nowUs, transport: 'udp', source, local, bytes };
      const effects = step(state, { kind: 'mirrored', packet, sensor: 'hep' }, nowUs);
      must(!effects.some(({ kind }) => kind === 'answer'), 'an answer to what was mirrored');
      const line = bytes.toString('latin1');
      const report = {
        ...{ atUs: nowUs, source: peer, transport: 'udp', outcome: 'failed', proof: 'none' },
        ...{ method: null, account: line, called: line, userAgent: line, callId: line },
        ...{ line, grammar: 'fuzz' },
      };
      for (const effect of step(state, { kind: 'report', report }, nowUs)) {
        if (effect.kind !== 'event') continue;
        const { kind, bytes: text } = effect.event.message;
        must(kind === 'request', 'a line of a log that is no request');
        must(text.length < 65_535, 'a line of a log that is longer than a message');
      }
      must(state.counts.received === 0, 'what was mirrored counts as received');
    },
  };
}

function checkCounts(counts, sent, answers) {
  const withheld =
    counts.withheldBlocked +
    counts.withheldPassive +
    counts.withheldRate +
    counts.withheldAmplification;
  must(counts.received === sent, `${counts.received} counted, ${sent} sent`);
  must(counts.answered === answers, `${counts.answered} answered, ${answers} answers`);
  must(
    counts.answered + counts.noAnswerDue + withheld === counts.received,
    `answered and withheld are not what came in: ${JSON.stringify(counts)}`,
  );
}

const { settings: DEFAULTS } = decideSettings({ file: null, env: { HOME: '/' }, flags: {} }, null);
const { policy: POLICY } = toCoreSettings(DEFAULTS, {
  secret: Buffer.alloc(32),
  seed: 1,
  observing: false,
});

function makeState(rules) {
  return {
    settings: {
      policy: POLICY,
      scoreHalfLifeS: 3600,
      answers: settingsOf(PERSONAS.asterisk),
      seed: 1,
    },
    rules,
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState(),
    nextEventId: 1,
    counts: createCounts(),
  };
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}
