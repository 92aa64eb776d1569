// Lets the actors of test/fixtures/wild act. Knows nothing of the agent.
import { createHash } from 'node:crypto';
import { createDice, createRandom } from '../../test/fixtures/wild/kit.js';

export const START_US = 1_767_225_600_000_000;
/** No behaviour may be larger or longer. */
export const WILD_LIMITS = { packets: 6_000, days: 31, sources: 64 };
/** The smallest number that halves attacks and honest peers alike; chosen before any rule was run. */
const SPLIT_SEED = 42;
const STAY_S = 60;

/** `tune`: rules may be made better on it; `held`: only the final figure is taken from it; `fresh`: written blind. */
export function halfOf({ name, part }) {
  if (part !== undefined) return part;
  const hash = createHash('sha256').update(`${SPLIT_SEED} ${name}`).digest();
  return hash[0] % 2 === 0 ? 'tune' : 'held';
}

/**
 * Lets the actors of a behaviour act in the order of time. `deliver(packet, number, nowUs)` gives the
 * answers as bytes. Gives the numbers of packets and sources, and who of them was there for more than
 * a minute: to block whoever has said all that he will ever say does not help.
 */
export function enact(behaviour, deliver) {
  const dice = createDice(createRandom(behaviour.name));
  const waiting = behaviour
    .actors(dice)
    .map((actor, order) => begin(actor, order))
    .filter((turn) => turn.next !== null);
  const spans = new Map();
  let count = 0;
  while (waiting.length > 0) {
    const turn = waiting.reduce((a, b) => (isSooner(b, a) ? b : a));
    const packet = packetOf(turn);
    const { address } = packet.source;
    const firstS = spans.get(address)?.firstS ?? turn.atS;
    spans.set(address, { firstS, lastS: turn.atS });
    count += 1;
    if (count > WILD_LIMITS.packets) throw new Error(`${behaviour.name}: too many packets`);
    if (turn.atS > WILD_LIMITS.days * 86_400) throw new Error(`${behaviour.name}: too long`);
    const answers = deliver(packet, count, packet.receivedAtUs);
    if (!goOn(turn, readAnswer(answers))) waiting.splice(waiting.indexOf(turn), 1);
  }
  const returning = [...spans]
    .filter(([, { firstS, lastS }]) => lastS - firstS > STAY_S)
    .map(([address]) => address);
  return { packets: count, sources: spans.size, returning };
}

function begin(actor, order) {
  const turn = { actor, order, steps: actor.steps(), atS: actor.startS, next: null };
  goOn(turn, undefined);
  return turn;
}

function goOn(turn, answer) {
  const { value, done } = turn.steps.next(answer);
  turn.next = done ? null : value;
  if (!done) turn.atS += value.afterS;
  return !done;
}

const isSooner = (a, b) => a.atS < b.atS || (a.atS === b.atS && a.order < b.order);

function packetOf({ actor, atS, next }) {
  return {
    receivedAtUs: START_US + Math.round(atS * 1e6),
    transport: next.transport ?? actor.transport,
    source: { address: next.source ?? actor.source, port: next.port ?? actor.port },
    local: { address: '192.0.2.10', port: 5060 },
    bytes: Buffer.from(next.raw, 'latin1'),
  };
}

/** The last of the answers, as an actor sees it. */
export function readAnswer(answers) {
  const text = answers.at(-1)?.toString('latin1');
  if (text === undefined) return null;
  const status = Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1]);
  const wanted = /^(?:WWW|Proxy)-Authenticate:(.*)$/im.exec(text)?.[1];
  const word = (name) => new RegExp(`[ ,]${name}="([^"]*)"`, 'i').exec(wanted)?.[1] ?? null;
  const challenge =
    wanted === undefined
      ? null
      : { status, realm: word('realm'), nonce: word('nonce'), opaque: word('opaque') };
  return { status, challenge, toTag: /^To:.*;tag=([^;\s]+)/im.exec(text)?.[1] ?? null };
}
