import { expect, it } from 'vitest';
import { viewSource } from '../../../src/api/views/source.js';
import { renderMisdirected } from '../../../src/cli/views/near-view.js';
import type { GuessCounts, SourceStory } from '../../../src/store/read/read-source.js';

const STORY: SourceStory = {
  address: '198.51.100.7',
  countsAs: '198.51.100.7/32',
  addresses: ['198.51.100.7'],
  addressesKnown: 1,
  firstSeenUs: 1_000_000,
  lastSeenUs: 9_000_000,
  events: 40,
  thinned: 0,
  eventsRead: 40,
  methods: [],
  userAgents: [],
  usersTried: [],
  calledNumbers: [],
  guesses: { distinct: 0, tries: 0, accounts: 0, equalToUser: 0 },
  passwordsTried: [],
  calls: [],
  sightings: [],
  blocks: [],
};
const view = (guesses: Partial<GuessCounts>, story: Partial<SourceStory> = {}) =>
  viewSource(
    { ...STORY, ...story, guesses: { ...STORY.guesses, ...guesses } },
    {
      threshold: 100,
      policy: { scoreHalfLifeS: 3_600 },
      nowUs: 10_000_000,
      known: { reverseName: null, asn: null, organisation: null, country: null, problems: [] },
    },
  );
const accused = {
  rule: 'likely-password-users',
  ruleVersion: 1,
  attackType: 'credential_attack',
  source: '198.51.100.7',
  atUs: 9_000_000,
  points: 100,
  pointsProven: 100,
  reason: 'guesses',
  eventIds: [1],
} as const;

it.each([
  ['one password again and again', { distinct: 1, tries: 20 }, {}, true],
  ['an office of twelve, each with its own', { distinct: 12, tries: 48 }, {}, true],
  ['another password each time', { distinct: 20, tries: 20 }, {}, false],
  ['no credentials at all', {}, {}, false],
  ['one that a rule accused', { distinct: 1, tries: 20 }, { sightings: [accused] }, false],
])('%s', (_, guesses, story, misdirected) => {
  const seen = view(guesses, story);
  expect(seen.misdirected_phones).toBe(misdirected);
  const text = renderMisdirected(seen);
  if (misdirected) expect(text).toContain('`protect add 198.51.100.7`');
  else expect(text).toBe('');
});
