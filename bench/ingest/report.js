// What the ingest bench says of a case, and of the goals.
import { atLeast, atMost, measuredBy, noted } from '../parts/figures.js';

const perSecond = (number) => `${Math.round(number).toLocaleString('en')}/s`;
const whole = (number) => number.toLocaleString('en');
const ms = (number) => (number === null ? '-' : `${number.toFixed(1)} ms`);
const mib = (number) => `${Math.round(number)} MiB`;

const GOAL = { ofYardstick: 0.15, p99Ms: 20, mib: 200, floodMib: 300 };

export function describe({ name, what }, result) {
  const { offered, received, kernelDrops, answeredByAgent, answersSeen } = result;
  return [
    '',
    `${name}: ${what}`,
    `  offered    ${whole(offered)} (${perSecond(result.offeredPerS)}), the sender took ${result.senderCores.toFixed(2)} of a core`,
    `  received   ${whole(received)}, dropped by the kernel ${whole(kernelDrops)}, unaccounted ${whole(result.lost)}`,
    `  answered   ${whole(answeredByAgent)}, withheld ${whole(result.withheld)}; the sender saw ${whole(answersSeen)}; p50 ${ms(result.p50Ms)}, p99 ${ms(result.p99Ms)}`,
    `  stored     ${whole(result.stored)} (${perSecond(result.storedPerS)}), counted only ${whole(result.thinned)}, logged ${whole(result.logged)}`,
    `  used       ${Math.round(result.cpuUsPerMessage)} µs of processor a message, ${mib(result.peakMib)} at most; stored are ${result.ofYardstick.toFixed(2)} of the answering receiver`,
  ];
}

const ANSWERING = 'bare receiver that answers';

/** The goals ask for a minute (`--seconds 60`); shorter runs meet them more easily. */
export function figuresOf(yardstick, results) {
  const yardsticks = [
    measuredBy('bare receiver', yardstick.empty, '/s'),
    measuredBy(ANSWERING, yardstick.answering, '/s'),
  ];
  return { figures: results.flatMap(figuresOfCase), yardsticks };
}

function figuresOfCase(result) {
  const { case: name, storedPerS, cpuUsPerMessage, peakMib, p99Ms } = result;
  const p99 = p99Ms ?? NaN;
  const always = [
    noted(`${name}: stored`, storedPerS, '/s', ANSWERING),
    noted(`${name}: processor a message`, cpuUsPerMessage, 'µs'),
  ];
  switch (name) {
    case 'mix':
      return [
        ...lossless(result),
        atLeast('mix: stored, of the bare receiver', result.ofYardstick, '', GOAL.ofYardstick),
        atMost('mix: memory', peakMib, 'MiB', GOAL.mib),
        noted('mix: answers p99', p99, 'ms'),
        ...always,
      ];
    case 'half':
      return [atMost('half: answers p99', p99, 'ms', GOAL.p99Ms), ...always];
    case 'flood':
      return [
        atMost('flood: not accounted for', Math.abs(result.lost), 'messages', 0),
        atMost('flood: neither answered nor withheld', unanswered(result), 'messages', 0),
        atMost('flood: memory', peakMib, 'MiB', GOAL.floodMib),
        ...always,
      ];
    case 'reach':
      return [...lossless(result), ...always];
    default:
      return always;
  }
}

/** Offered as fast as wanted, and each message received, answered, stored and logged. */
function lossless(result) {
  const { case: name, offered, received, stored, logged, offeredPerS, wantedPerS } = result;
  const { answeredByAgent, withheld } = result;
  const kept = [received, stored, logged, answeredByAgent + withheld];
  const lost = Math.max(...kept.map((each) => Math.abs(offered - each)));
  return [
    atLeast(`${name}: offered`, offeredPerS, '/s', wantedPerS * 0.99),
    atMost(`${name}: lost on the way`, lost, 'messages', 0),
  ];
}

/** When no answer came to the sender at all, the counts of the agent mean nothing. */
const unanswered = ({ received, answeredByAgent, withheld, answersSeen }) =>
  answersSeen === 0 ? NaN : Math.abs(received - answeredByAgent - withheld);
