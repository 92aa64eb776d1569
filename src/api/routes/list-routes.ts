import { z } from 'zod';
import { BLOCK_ORIGINS, SCOPES } from '../../core/model/block.js';
import { blockList, numberList } from '../lists/lists.js';
import type { ExportName } from '../views/block-export.js';
import { getList, type Route } from './route.js';
import { since, sinceUs, yes } from './words.js';

const PLAIN = 'text/plain; charset=utf-8';
const CSV = 'text/csv; charset=utf-8';
const STIX = 'application/stix+json; version=2.1';

const blocksQuery = z.strictObject({
  family: z.enum(['4', '6', 'both']).default('both').describe('only IPv4 (4) or IPv6 (6)'),
  unproven: yes('those as well that were blocked without proof that their address is real'),
  scope: z.enum(SCOPES).optional().describe('only blocks of this scope'),
  origin: z.enum(BLOCK_ORIGINS).optional().describe('only blocks that came this way'),
});

const numbersQuery = z.strictObject({
  country: z.string().length(2).optional().describe('only this country, as GB'),
  high_risk: yes('only known destinations of toll fraud'),
  since,
});

const BLOCK_LISTS: readonly (readonly [string, ExportName, string, string])[] = [
  ['txt', 'plain', PLAIN, 'one a line'],
  ['nft', 'nft', PLAIN, 'for `nft -f`'],
  ['ipset', 'ipset', PLAIN, 'for `ipset restore`'],
  ['rsc', 'mikrotik', PLAIN, 'for `/import` of RouterOS'],
  ['alias', 'alias', PLAIN, 'for an alias of pfSense or OPNsense'],
  ['csv', 'csv', CSV, 'safe to open in a spreadsheet'],
  ['json', 'stix', STIX, 'a bundle of STIX 2.1'],
];

/** Lists for other devices: docs/LISTS.md. */
export const LIST_ROUTES: readonly Route[] = [
  ...BLOCK_LISTS.map(([ending, name, type, what]) =>
    getList(`/lists/blocked.${ending}`, {
      right: 'read',
      summary: `Who is blocked, ${what}`,
      type,
      query: blocksQuery,
      handle: (services, { query: { family, unproven, scope, origin } }) =>
        blockList(services, name, type, {
          families: family,
          unproven,
          ...(scope !== undefined && { scope }),
          ...(origin !== undefined && { origin }),
        }),
    }),
  ),
  ...(['plain', 'csv'] as const).map((form) => {
    const type = form === 'csv' ? CSV : PLAIN;
    return getList(`/lists/numbers.${form === 'csv' ? 'csv' : 'txt'}`, {
      right: 'read',
      summary: `Numbers that were dialled, ${form === 'csv' ? 'with what is known of each' : 'one a line'}`,
      type,
      query: numbersQuery,
      handle: (services, { query: { country, high_risk: highRisk, since: from } }) => {
        const us = sinceUs(from, services.facts.nowUs());
        return numberList(services, form, type, {
          ...(country !== undefined && { country: country.toUpperCase() }),
          ...(highRisk && { highRisk }),
          ...(us !== null && { sinceUs: us }),
        });
      },
    });
  }),
];
