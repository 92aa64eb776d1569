// Lets behaviours of test/fixtures/wild act before a real trap, all at once, each at its own pace and
// from addresses that only it has. Prints what was sent when, and the verdict that a replay comes to.
// Arguments: the trap's address, its port, seconds that a behaviour may take at most; with `list`
// as a fourth, only the addresses that it needs.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compileRules } from '../../dist/core/detect/detect.js';
import { loadRules } from '../../dist/config/rules/rules.js';
import { enact, readAnswer } from '../../bench/detect/wild-actors.js';
import { judgeWild, playWild } from '../../bench/detect/wild.js';
import { createDice, createRandom } from '../fixtures/wild/kit.js';
import { BEHAVIOURS } from '../fixtures/wild/index.js';

const [trap, port, seconds, only] = process.argv.slice(2);
/** As long as an answer may take over a cable; who waits longer acts as if there were silence. */
const ANSWER_MS = 60;
/** One begins after the other: what the first moments of all floods together lose is not the question here. */
const APART_MS = 200;

const rules = await loadRules([join(import.meta.dirname, '../../rules')]);
const ruleSet = compileRules(rules);
const severities = new Map(rules.map(({ id, severity }) => [id, severity]));

// Each has a third number of its own in its addresses: there are as many as have three digits.
const chosen = BEHAVIOURS.map((behaviour) => ({ behaviour, ...lookAt(behaviour) }))
  .filter(({ lastS, transports }) => lastS <= Number(seconds) && !transports.has('ws'))
  .filter(({ behaviour }) => behaviour.name.includes(process.env.WILD_NAMED ?? ''))
  .slice(0, 156)
  .map((one, index) => ({ ...one, net: 100 + index }));

if (only === 'list') {
  const own = chosen.flatMap(({ sources, net }) => sources.map((source) => moved(source, net)));
  await print(own);
}
const beginMs = Date.now() + APART_MS;
const acted = await Promise.all(chosen.map(act));
await print(
  acted.map(({ behaviour, sources, sent }) => {
    const story = playWild(behaviour, ruleSet, severities);
    const { name, kind, types, packets } = behaviour;
    const replay = { verdict: judgeWild(behaviour, story), packet: story.block?.packet ?? null };
    return { name, kind, types, packets, sources, sent, replay };
  }),
);

/** Ends the process too, once all is written. */
function print(value) {
  return new Promise(() => {
    process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(0));
  });
}

/** How long it takes, and from where and over what it comes. */
function lookAt(behaviour) {
  const sources = new Set();
  const transports = new Set();
  let lastUs = 0;
  let firstUs = null;
  enact(behaviour, (packet, _number, nowUs) => {
    sources.add(packet.source.address);
    transports.add(packet.transport);
    firstUs ??= nowUs;
    lastUs = nowUs;
    return [];
  });
  return { sources: [...sources], transports, lastS: (lastUs - firstUs) / 1e6 };
}

/** Another third number, of as many digits, so that no length in a message changes. */
function moved(address, net) {
  return isIPv6(address) ? address : address.replace(/^(\d+\.\d+)\.\d+\./, `$1.${net}.`);
}

async function act({ behaviour, net, sources }, order) {
  const startMs = beginMs + order * APART_MS;
  const sent = [];
  const sockets = new Map();
  const dice = createDice(createRandom(behaviour.name));
  await Promise.all(behaviour.actors(dice).map((actor) => actOne(actor)));
  for (const { close } of sockets.values()) close();
  const own = sources.map((source) => moved(source, net));
  return { behaviour, sources: own, sent };

  async function actOne(actor) {
    const steps = actor.steps();
    let atS = actor.startS;
    let answer;
    for (let next = steps.next(answer); !next.done; next = steps.next(answer)) {
      atS += next.value.afterS;
      const waitMs = startMs + atS * 1_000 - Date.now();
      if (waitMs > 0) await delay(waitMs);
      answer = await say(actor, next.value, waitMs < -ANSWER_MS);
    }
  }

  async function say(actor, step, late) {
    const source = moved(step.source ?? actor.source, net);
    const transport = step.transport ?? actor.transport;
    const key = `${transport} ${source} ${step.port ?? actor.port}`;
    if (!sockets.has(key)) {
      const open = transport === 'udp' ? openDatagrams : openStream;
      sockets.set(key, await open(source, step.port ?? actor.port));
    }
    const raw = sources.reduce((text, each) => text.replaceAll(each, moved(each, net)), step.raw);
    sent.push(Date.now());
    return sockets.get(key).ask(Buffer.from(raw, 'latin1'), late);
  }
}

async function openDatagrams(source, from) {
  const socket = createSocket({ type: isIPv6(source) ? 'udp6' : 'udp4', reuseAddr: true });
  await new Promise((resolve) => socket.bind(from, source, resolve));
  const heard = hear(socket, 'message');
  const ask = (bytes, late) => {
    socket.send(bytes, Number(port), isIPv6(source) ? process.env.TRAP_IPV6 : trap);
    return late ? heard.now() : heard.soon();
  };
  return { ask, close: () => socket.close() };
}

/** A connection that the firewall or the trap ended says nothing any more. */
async function openStream(source, from) {
  const socket = connect({ host: trap, port: Number(port), localAddress: source, localPort: from });
  socket.on('error', () => undefined);
  await Promise.race([new Promise((resolve) => socket.on('connect', resolve)), delay(500)]);
  const heard = hear(socket, 'data');
  const ask = (bytes, late) => {
    if (!socket.destroyed) socket.write(bytes);
    return late ? heard.now() : heard.soon();
  };
  return { ask, close: () => socket.destroy() };
}

/** What was answered last, as an actor sees it; `soon` waits a little for it. */
function hear(socket, event) {
  let answers = [];
  let wake = () => undefined;
  socket.on(event, (bytes) => {
    answers.push(bytes);
    wake();
  });
  const now = () => {
    const heard = readAnswer(answers);
    answers = [];
    return heard;
  };
  const soon = async () => {
    answers = [];
    await Promise.race([new Promise((resolve) => (wake = resolve)), delay(ANSWER_MS)]);
    return now();
  };
  return { now, soon };
}
