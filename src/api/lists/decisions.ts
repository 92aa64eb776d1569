import { isEnded } from '../../core/block/block-table.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Block } from '../../core/model/block.js';
import type { ApiServices } from '../facts.js';
import { mayBeListed, type ListAnswer } from './lists.js';
import { nameUuid } from '../views/stix.js';

/** A decision as CrowdSec's local API writes it (`models.Decision`). */
export interface CrowdsecDecision {
  readonly id: number;
  readonly origin: string;
  readonly type: 'ban';
  readonly scope: 'Ip' | 'Range';
  readonly value: string;
  /** As Go writes one; below zero: it is over. */
  readonly duration: string;
  readonly scenario: string;
  readonly uuid: string;
}

/** What a bouncer asks for; lists with commas between, empty: all. */
export interface DecisionFilter {
  readonly scopes: readonly string[];
  readonly origins: readonly string[];
  readonly scenariosContaining: readonly string[];
  readonly scenariosNotContaining: readonly string[];
}

const JSON_TYPE = 'application/json';
const TEN_YEARS_S = 315_360_000;
const OVERLAP_US = 2_000_000;

/** Seconds as Go's time.Duration prints them: `3h59m0s`, `59s`, `-1m5s`. */
export function goDuration(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const [h, m, s] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const text = h > 0 ? `${h}h${m}m${s}s` : m > 0 ? `${m}m${s}s` : `${s}s`;
  return seconds < 0 && whole > 0 ? `-${text}` : text;
}

/** `ended`: it is over before its time. A block without an end holds for ten years. */
export function decisionOf(block: Block, nowUs: number, ended = false): CrowdsecDecision {
  const { id, target, origin, rule, createdAtUs, expiresAtUs } = block;
  const [address = '', length = ''] = target.split('/');
  const whole = length === (target.includes(':') ? '128' : '32');
  const leftS = expiresAtUs === null ? TEN_YEARS_S : (expiresAtUs - nowUs) / 1_000_000;
  return {
    id,
    origin,
    type: 'ban',
    scope: whole ? 'Ip' : 'Range',
    value: whole ? address : target,
    duration: goDuration(ended ? Math.min(leftS, -1) : leftS),
    scenario: `sentrypeer/${rule ?? origin}`,
    uuid: nameUuid(`${target} ${createdAtUs}`),
  };
}

/** CrowdSec looks at no case there. */
const holds = (scenario: string, part: string): boolean =>
  scenario.toLowerCase().includes(part.toLowerCase());

const passes = (filter: DecisionFilter, { scope, origin, scenario }: CrowdsecDecision): boolean =>
  (filter.scopes.length === 0 || filter.scopes.includes(scope.toLowerCase())) &&
  (filter.origins.length === 0 || filter.origins.includes(origin)) &&
  (filter.scenariosContaining.length === 0 ||
    filter.scenariosContaining.some((part) => holds(scenario, part))) &&
  !filter.scenariosNotContaining.some((part) => holds(scenario, part));

/** Whether others are told of a block: by the proof that lists ask for, too. */
export const isTold = ({ simulated, proof, origin }: Block): boolean =>
  !simulated && (proof !== 'none' || origin !== 'detector');

/** In force, and no protected peer's. */
export const isTellable = (facts: ApiServices['facts'], block: Block, nowUs: number): boolean =>
  isTold(block) && !isEnded(block, nowUs) && mayBeListed(facts.protect(), block.target);

/**
 * What is new and what is over since this bouncer asked last; all that is in force where it starts, or
 * where nobody remembers it. Its place moves when the answer is out. Ends overlap by two seconds, as
 * CrowdSec's do: an answer that was lost on the way must not leave somebody blocked.
 */
export function decisionStream(
  { facts, read, bouncers }: Pick<ApiServices, 'facts' | 'read' | 'bouncers'>,
  bouncer: string,
  startup: boolean,
  filter: DecisionFilter,
): ListAnswer {
  return {
    type: JSON_TYPE,
    tag: null,
    pages: async function* () {
      const nowUs = facts.nowUs();
      const position = facts.journal.position();
      const place = startup ? null : bouncers.of(bouncer);
      const changes = place === null ? null : facts.journal.after(place.position);
      const touched = new Map((changes ?? []).map(({ block }) => [block.target, block]));
      const begun = changes === null ? facts.activeBlocks() : inForce(facts, touched.keys());
      yield '{"new": [';
      yield* writeDecisions(
        decisionsOf(begun, filter, (block) =>
          isTellable(facts, block, nowUs) ? decisionOf(block, nowUs) : null,
        ),
      );
      const ended =
        place === null || changes === null
          ? await read((reader) => reader.endedEarly(nowUs))
          : [
              ...facts.journal.endedBetween(place.atUs - OVERLAP_US, place.position),
              ...changes.flatMap(({ kind, block }) => (kind === 'ended' ? [block] : [])),
            ];
      const gone = new Map(ended.map((block) => [block.target, block]));
      yield '], "deleted": [';
      yield* writeDecisions(
        decisionsOf(gone.values(), filter, (block) => {
          const now = facts.activeBlock(block.target);
          const stays = now !== null && isTellable(facts, now, nowUs);
          return stays || !isTold({ ...block, simulated: false })
            ? null
            : decisionOf(block, nowUs, true);
        }),
      );
      yield ']}\n';
      bouncers.put(bouncer, { position, atUs: nowUs });
    },
  };
}

function* inForce(facts: ApiServices['facts'], targets: Iterable<string>): Generator<Block> {
  for (const target of targets) {
    const block = facts.activeBlock(target);
    if (block !== null) yield block;
  }
}

function* decisionsOf(
  blocks: Iterable<Block>,
  filter: DecisionFilter,
  decide: (block: Block) => CrowdsecDecision | null,
): Generator<CrowdsecDecision> {
  for (const block of blocks) {
    const decision = decide(block);
    if (decision !== null && passes(filter, decision)) yield decision;
  }
}

/** As the parts of an array, so many at a time. */
function* writeDecisions(decisions: Iterable<CrowdsecDecision>): Generator<string> {
  let page: string[] = [];
  let first = true;
  const flush = (): string => {
    const text = `${first ? '' : ','}${page.join(',')}`;
    first = false;
    page = [];
    return text;
  };
  for (const decision of decisions) {
    page.push(JSON.stringify(decision));
    if (page.length >= LIMITS.apiListPageRows) yield flush();
  }
  if (page.length > 0) yield flush();
}

/** The decisions on an address or a network, or all; `null` without any, as CrowdSec says it. */
export function decisionsOn(
  { facts }: Pick<ApiServices, 'facts'>,
  blocks: Iterable<Block>,
  filter: DecisionFilter,
): ListAnswer {
  return {
    type: JSON_TYPE,
    tag: null,
    // eslint-disable-next-line @typescript-eslint/require-await -- what is in memory needs no waiting
    pages: async function* () {
      const nowUs = facts.nowUs();
      let any = false;
      const found = decisionsOf(blocks, filter, (block) =>
        isTellable(facts, block, nowUs) ? decisionOf(block, nowUs) : null,
      );
      for (const text of writeDecisions(found)) {
        yield any ? text : `[${text}`;
        any = true;
      }
      yield any ? ']\n' : 'null\n';
    },
  };
}
