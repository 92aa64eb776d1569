import { expect, it } from 'vitest';
import { createHealthState, judgeHealth, type Look } from '../../src/outbox/alerts/health.js';

const POLICY = { attacksAMinute: 100, silenceUs: 3_600_000_000, diskFreeBytesMin: 1_000 };
const CALM: Look = {
  atUs: 0,
  received: 0,
  attacks: 0,
  firewallFault: null,
  repairs: 0,
  lastRepair: null,
  storeFault: null,
  diskFreeBytes: 5_000,
};

/** The kinds that each look tells, one look after another ten seconds apart. */
function tell(looks: readonly Partial<Look>[]): string[][] {
  const state = createHealthState(CALM);
  let last = CALM;
  return looks.map((look, index) => {
    last = { ...last, atUs: (index + 1) * 10_000_000, ...look };
    return judgeHealth(state, POLICY, last).map(({ kind, line }) => `${kind}: ${line}`);
  });
}

it('says nothing while all is well', () => {
  expect(tell([{}, { received: 5, attacks: 5 }, {}])).toEqual([[], [], []]);
});

it.each([
  ['firewall', { firewallFault: 'nft is gone' }, { firewallFault: null }, 'firewall: nft is gone'],
  [
    'store',
    { storeFault: 'disk full' },
    { storeFault: null },
    'disk: nothing is stored: disk full',
  ],
  [
    'space',
    { diskFreeBytes: 10 },
    { diskFreeBytes: 5_000 },
    'disk: 0 MiB are free where the database is',
  ],
])('tells a fault of the %s once, and again when it is back', (_name, bad, good, line) => {
  expect(tell([bad, {}, good, bad])).toEqual([[line], [], [], [line]]);
});

it('tells each repair', () => {
  const seen = tell([{ repairs: 1, lastRepair: 'our table was missing' }, {}, { repairs: 2 }]);
  expect(seen.map((each) => each.length)).toEqual([1, 0, 1]);
});

it('tells a silence once, until somebody is heard', () => {
  const hour = 3_600_000_000;
  const seen = tell([
    { atUs: hour - 1 },
    { atUs: hour },
    { atUs: 2 * hour },
    { atUs: 2 * hour + 1, received: 1 },
    { atUs: 4 * hour },
  ]);
  expect(seen.map((each) => each.length)).toEqual([0, 1, 0, 0, 1]);
});

it('tells a rate of attacks within a minute once, until a calm minute has passed', () => {
  const counts = [50, 150, 300, 320, 320, 320, 320, 320, 320, 320, 320, 320, 320, 500];
  const seen = tell(counts.map((attacks) => ({ attacks })));
  expect(seen.flatMap((each, index) => (each.length > 0 ? [index] : []))).toEqual([1, 13]);
});
