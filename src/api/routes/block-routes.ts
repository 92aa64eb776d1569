import { z } from 'zod';
import { BLOCK_ORIGINS, SCOPES } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { readAddress } from '../../core/common/read-address.js';
import type { AddBlock } from '../calls.js';
import { may, type Caller } from '../server/caller.js';
import { networksAround, viewListed } from '../views/block.js';
import { change, get, type Route } from './route.js';
import { addressText, attackType, limitUpTo, offset, targetText, yes } from './words.js';

const scope = z.enum(SCOPES);

const addBlockBody = z.strictObject({
  target: targetText,
  scope: scope.default('all').describe('all: every packet; sip: those to the SIP ports'),
  duration_s: z
    .number()
    .int()
    .positive()
    .max(LIMITS.apiTokenSMax)
    .nullish()
    .describe('seconds; null: until removed; absent: `duration` of the configuration'),
  reason: z.string().max(500).default('added through the API'),
  force: z.boolean().default(false).describe('also over a protected peer: scope admin'),
  wide: z.boolean().optional().describe('also a network wider than /8 (IPv6: /19)'),
});

const listQuery = z.strictObject({
  limit: limitUpTo(1_000, 100),
  offset,
  all: yes('blocks that have ended as well'),
  address: addressText.optional().describe('only blocks that cover this address'),
  scope: scope.optional().describe('only this scope'),
  origin: z.enum(BLOCK_ORIGINS).optional().describe('only blocks that came this way'),
  attack_type: attackType,
  sort: z
    .enum(['newest', 'oldest', 'target', 'ends', 'dropped'])
    .default('newest')
    .describe('ends: the next to end first; dropped: most first'),
});

export const BLOCK_ROUTES: readonly Route[] = [
  get('/api/v1/blocks', {
    right: 'read',
    summary: 'Who is blocked, for how long, and why',
    detail: 'As `blocks list --json`.',
    query: listQuery,
    answer: 'blocks',
    handle: async ({ read, facts }, { query }) => {
      const { limit, address, origin, attack_type: attack, sort } = query;
      const filter = {
        which: query.all ? ('all' as const) : ('active' as const),
        nowUs: facts.nowUs(),
        ...(address !== undefined && { targets: networksAround(readAddress(address)) }),
        ...(query.scope !== undefined && { scope: query.scope }),
        ...(origin !== undefined && { origin }),
        ...(attack !== undefined && { attackType: attack }),
      };
      return read(async (reader) => ({
        blocks: (
          await reader.listBlocks({ ...filter, limit, offset: query.offset, order: sort })
        ).map(viewListed),
        total: await reader.countBlocks(filter),
        limit,
        offset: query.offset,
      }));
    },
  }),
  change('POST', '/api/v1/blocks', {
    right: 'block',
    summary: 'Block an address or a network',
    detail: 'Answers once the firewall and the database have it. As `blocks add --json`.',
    body: addBlockBody,
    answer: 'block',
    handle: async ({ calls, facts }, { body, caller }) => {
      refuseForce(caller, [body]);
      const standard = facts.loaded().settings.blocking.durationS;
      return { block: await calls.addBlock(withDuration(body, standard), originOf(caller)) };
    },
  }),
  change('POST', '/api/v1/blocks/many', {
    right: 'block',
    summary: 'Block many at once; a refused one does not stop the others',
    body: z.strictObject({
      blocks: z.array(addBlockBody).max(LIMITS.blocksPerRequestMax),
      origin: z.enum(['manual', 'import']).default('import'),
    }),
    answer: 'added_blocks',
    handle: ({ calls, facts }, { body, caller }) => {
      refuseForce(caller, body.blocks);
      const standard = facts.loaded().settings.blocking.durationS;
      const blocks = body.blocks.map((block) => withDuration(block, standard));
      return calls.addBlocks(blocks, caller.kind === 'token' ? 'api' : body.origin);
    },
  }),
  change('DELETE', '/api/v1/blocks', {
    right: 'block',
    summary: 'End the block of exactly this target',
    query: z.strictObject({ target: targetText }),
    body: null,
    answer: 'removed_block',
    handle: ({ calls }, { query }) => calls.removeBlock(query.target),
  }),
  change('POST', '/api/v1/blocks/clear', {
    right: 'admin',
    summary: 'End all blocks, or those of one origin or scope',
    body: z.strictObject({
      origin: z.enum(BLOCK_ORIGINS).nullable(),
      scope: scope.nullable(),
    }),
    answer: 'cleared_blocks',
    handle: ({ calls }, { body }) => calls.clearBlocks(body),
  }),
  get('/api/v1/protect', {
    right: 'read',
    summary: 'Who is never blocked, and where that comes from',
    answer: 'protect',
    handle: async ({ calls }) => ({ protect: await calls.protectedPeers() }),
  }),
  change('POST', '/api/v1/protect', {
    right: 'admin',
    summary: 'Never block a peer, and lift what blocks it now',
    body: z.strictObject({
      name: z.string().max(253).describe('an address, a network or a host name'),
      note: z.string().max(200).default(''),
    }),
    answer: 'protected',
    handle: ({ calls }, { body }) => calls.protectPeer(body),
  }),
  change('DELETE', '/api/v1/protect', {
    right: 'admin',
    summary: 'End a protection that was added here or by a command',
    query: z.strictObject({ name: z.string().max(253) }),
    body: null,
    answer: 'unprotected',
    handle: ({ calls }, { query }) => calls.unprotectPeer(query.name),
  }),
];

const originOf = (caller: Caller): 'manual' | 'api' => (caller.kind === 'token' ? 'api' : 'manual');

const withDuration = (
  { duration_s: asked, ...block }: z.infer<typeof addBlockBody>,
  standard: number | null,
): AddBlock => ({ ...block, duration_s: asked === undefined ? standard : asked });

/** A device that may block must not be able to cut off the operator's own carrier. */
function refuseForce(caller: Caller, blocks: readonly { readonly force: boolean }[]): void {
  if (!blocks.some(({ force }) => force) || may(caller, 'admin', false)) return;
  throw new AgentError(
    'API_DENIED',
    'to block a protected peer by force takes a token of the scope admin',
    'leave `force` out, or make such a token: `sentrypeer-agent token create NAME --scope admin`',
  );
}
