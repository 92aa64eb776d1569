// What the ingest bench says of a case, and of the goals.
const perSecond = (number) => `${Math.round(number).toLocaleString('en')}/s`;
const whole = (number) => number.toLocaleString('en');
const ms = (number) => (number === null ? '-' : `${number.toFixed(1)} ms`);
const mib = (number) => `${Math.round(number)} MiB`;

const GOAL = { ofYardstick: 0.15, p99Ms: 20, mib: 200, floodMib: 300, seconds: 60 };

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

/** The goals that the measured cases speak to. */
export function judge(results, seconds) {
  const of = (name) => results.find((result) => result.case === name);
  const goals = [];
  const judged = { mix: of('mix'), half: of('half'), flood: of('flood'), reach: of('reach') };
  const { mix, half, flood, reach } = judged;
  const span = seconds < GOAL.seconds ? `${seconds} s (the goal: ${GOAL.seconds})` : `${seconds} s`;
  if (mix !== undefined) {
    goals.push(lossless(mix, span), {
      goal: `stored at least ${GOAL.ofYardstick} of the plain answering receiver`,
      ok: mix.ofYardstick >= GOAL.ofYardstick,
      figure: mix.ofYardstick.toFixed(2),
    });
    goals.push(atMost('memory at that rate', mix.peakMib, GOAL.mib, mib));
  }
  if (half !== undefined) {
    goals.push(atMost('p99 of answers at half of it', half.p99Ms ?? Infinity, GOAL.p99Ms, ms));
  }
  if (flood !== undefined) {
    goals.push(
      {
        goal: 'flood: every message is accounted for, by the agent or the kernel',
        ok: flood.lost === 0,
        figure: `${whole(flood.lost)} of ${whole(flood.offered)} are not`,
      },
      {
        goal: 'flood: what was received was answered, or withheld and counted',
        ok: flood.received === flood.answeredByAgent + flood.withheld && flood.answersSeen > 0,
        figure: `${whole(flood.answeredByAgent)} answered, ${whole(flood.withheld)} withheld`,
      },
      atMost('flood: memory', flood.peakMib, GOAL.floodMib, mib),
    );
  }
  if (reach !== undefined) goals.push(lossless(reach, span));
  return goals.map(({ goal, ok, figure }) => `  ${ok ? 'met    ' : 'NOT MET'} ${goal}: ${figure}`);
}

function lossless(result, span) {
  const { offered, received, stored, logged, answeredByAgent, withheld } = result;
  const kept = [received, stored, logged, answeredByAgent + withheld];
  return {
    goal: `${perSecond(result.wantedPerS)} for ${span}: answered, logged and stored, nothing lost`,
    ok: result.offeredPerS >= result.wantedPerS * 0.99 && kept.every((each) => each === offered),
    figure: `${perSecond(result.offeredPerS)} offered, ${perSecond(result.storedPerS)} stored`,
  };
}

const atMost = (goal, number, max, text) => ({
  goal: `${goal} at most ${text(max)}`,
  ok: number <= max,
  figure: text(number),
});
