import { z } from 'zod';
import { parseCidr } from '../../core/common/address.js';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import type { Caller } from '../server/caller.js';
import { decisionsOn, decisionStream, type DecisionFilter } from '../lists/decisions.js';
import { change, getList, type Route } from './route.js';

const JSON_TYPE = 'application/json';
const words = (what: string) => z.string().max(1_000).optional().describe(what);

const filters = {
  scopes: words('only these of Ip and Range, with commas between'),
  origins: words('only blocks that came these ways'),
  scenarios_containing: words('only rules whose name, as sentrypeer/NAME, has one of these in it'),
  scenarios_not_containing: words('no rules whose name has one of these in it'),
};

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

const readFilter = (
  query: Partial<Record<keyof typeof filters, string | undefined>>,
): DecisionFilter => ({
  scopes: list(query.scopes?.toLowerCase()),
  origins: list(query.origins),
  scenariosContaining: list(query.scenarios_containing),
  scenariosNotContaining: list(query.scenarios_not_containing),
});

/** Two bouncers may share a token; each has its own place. */
const nameBouncer = (caller: Caller, from: string): string =>
  caller.kind === 'token' ? `${caller.name}@${from}` : `${caller.kind}@${from}`;

/** What CrowdSec's bouncers ask of a local API, answered with our blocks: docs/CROWDSEC.md. */
export const CROWDSEC_ROUTES: readonly Route[] = [
  getList('/v1/decisions/stream', {
    right: 'read',
    summary: 'For a bouncer of CrowdSec: what is new and what is over since it asked last',
    detail: 'With `startup=true` all that is in force. HEAD moves nothing.',
    type: JSON_TYPE,
    speaks: 'crowdsec',
    query: z.object({ startup: words('true: all that is in force'), ...filters }),
    handle: (services, { query, caller, from }) =>
      Promise.resolve(
        decisionStream(
          services,
          nameBouncer(caller, from),
          query.startup === 'true',
          readFilter(query),
        ),
      ),
  }),
  getList('/v1/decisions', {
    right: 'read',
    summary:
      'For a bouncer of CrowdSec: the blocks that cover an address or a network; `null`: none',
    type: JSON_TYPE,
    speaks: 'crowdsec',
    query: z.object({
      ip: words('an address'),
      range: words('a network as CIDR'),
      ...filters,
    }),
    handle: (services, { query }) => {
      const { facts } = services;
      const asked = query.ip ?? query.range;
      if (asked === undefined)
        return Promise.resolve(decisionsOn(services, facts.activeBlocks(), readFilter(query)));
      const cidr = parseCidr(asked);
      if (cidr === null) {
        throw new AgentError(
          'USAGE',
          `${quoteText(asked)} is no ${query.ip === undefined ? 'network' : 'address'}`,
          'give one such as 203.0.113.7, or 203.0.113.0/24 as range',
        );
      }
      return Promise.resolve(decisionsOn(services, facts.blocksAround(cidr), readFilter(query)));
    },
  }),
  change('POST', '/v1/usage-metrics', {
    right: 'read',
    summary: 'For a bouncer of CrowdSec: takes what it measured, and keeps nothing of it',
    speaks: 'crowdsec',
    body: null,
    answer: 'nothing',
    statusOf: () => 201,
    handle: () => Promise.resolve({}),
  }),
];
