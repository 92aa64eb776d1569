export const BASE = {
  name: 'R',
  version: 1,
  attack_type: 'sip_scan',
  severity: 'low',
  description: 'a test',
  points: 60,
  mute: '1s',
};
const ODD = 'event.to_user.endsWith("1") || event.to_user.endsWith("3")';
/** Three rules that count values in a window, and one whose values must settle. */
export const RULES = [
  { id: 'few', count: { by: 'source', distinct: 'to_user', over: 2, within: '30s' } },
  { id: 'odd', when: ODD, count: { by: 'source', distinct: 'to_user', over: 1, within: '10s' } },
  {
    id: 'many',
    count: {
      by: 'source',
      distinct: 'to_user',
      over: 12,
      within: '60s',
      forget_when: 'event.cseq == 2',
    },
  },
  {
    id: 'settled',
    count: { by: 'source', distinct: 'to_user', over: 3, within: '120s', settle: '20s' },
  },
].map((rule) => ({ ...BASE, ...rule }));

/** JSON is YAML. */
export const written = (rules: readonly object[]): string =>
  rules.map((rule) => JSON.stringify(rule)).join('\n---\n');
