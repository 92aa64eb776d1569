import type { TrapEvent } from '../../model/event.js';
import type { Rule, RuleSample, SampleEvent } from '../../model/rule.js';
import { parseMessage } from '../../sip/parse.js';
import { compileRules } from './compile.js';
import { detect } from '../detect.js';
import { createDetectState } from '../state.js';

/** What became of one sample; `failure` null: as expected. */
export interface SampleResult {
  readonly rule: string;
  readonly sample: string;
  readonly failure: string | null;
}

const POLICY = { scoreHalfLifeS: 3_600 };
/** Samples begin at a fixed moment, so that they come out the same each time. */
const START_US = 1_767_225_600_000_000;

/** Plays each sample of a rule to that rule alone, and compares with what its author expects. */
export function runSamples(rule: Rule): readonly SampleResult[] {
  return rule.samples.map((sample) => ({
    rule: rule.id,
    sample: sample.name,
    failure: playSample(rule, sample),
  }));
}

/** The events of a sample, repetitions written out, with times from a fixed start. */
export function sampleEvents(
  { context }: Pick<Rule, 'context'>,
  sample: RuleSample,
): readonly TrapEvent[] {
  const sensor = context === 'pbx' ? 'hep' : 'trap';
  const events: TrapEvent[] = [];
  let atUs = START_US;
  for (const event of sample.events) {
    for (let n = 1; n <= event.repeat; n += 1) {
      atUs += event.afterMs * 1_000;
      events.push({ ...toTrapEvent(event, n, events.length + 1, atUs), sensor });
    }
  }
  return events;
}

function playSample(rule: Rule, sample: RuleSample): string | null {
  const state = createDetectState();
  const ruleSet = compileRules([rule]);
  let [sightings, firstEvent, points, pointsProven] = [0, 0, 0, 0];
  for (const event of sampleEvents(rule, sample)) {
    const detection = detect(state, ruleSet, event, POLICY);
    const fault = detection.faults[0];
    if (fault !== undefined) return `the rule failed on event ${event.id}: ${fault.message}`;
    for (const sighting of detection.sightings) {
      if (sightings === 0) firstEvent = event.id;
      sightings += 1;
      points += sighting.points;
      pointsProven += sighting.pointsProven;
    }
  }
  const { expect } = sample;
  const differing = [
    difference('sightings', sightings, expect.sightings),
    difference('first_event', firstEvent, expect.firstEvent),
    difference('points', points, expect.points),
    difference('points_proven', pointsProven, expect.pointsProven),
  ].filter((text) => text !== null);
  return differing.length === 0 ? null : differing.join('; ');
}

const difference = (name: string, found: number, expected: number | null): string | null =>
  expected === null || found === expected ? null : `${name}: ${found}, expected ${expected}`;

function toTrapEvent(event: SampleEvent, n: number, id: number, atUs: number): TrapEvent {
  // YAML ends its lines with LF, SIP with CRLF; `{n}` makes repetitions differ.
  const numbered = (text: string): string => text.replaceAll('{n}', String(n));
  const lines = numbered(event.raw).replace(/\r?\n/g, '\r\n');
  // YAML's `|` takes the empty line off that ends the headers.
  const raw = lines.includes('\r\n\r\n') ? lines : `${lines}\r\n`;
  return {
    id,
    receivedAtUs: atUs,
    transport: event.transport,
    source: { address: numbered(event.source), port: event.sourcePort },
    local: { address: numbered(event.local), port: 5060 },
    proof: event.proof,
    message: parseMessage(Buffer.from(raw, 'latin1')),
    inDialog: event.proof === 'dialog',
    retransmission: event.retransmission,
    outcome: event.outcome,
    vouched: event.vouched,
  };
}
