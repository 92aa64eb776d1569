// Not by detect.ts, which brings all of detection: a command would take twice the time to start.
import { paidBlock, restorePoints } from '../../core/detect/score/restore-points.js';
import { createScoreBook, readScore, type ScorePolicy } from '../../core/detect/score/score.js';
import type { Score, Sighting } from '../../core/model/sighting.js';
import type {
  CountedValue,
  GuessCounts,
  SourceStory,
  StoredCall,
} from '../../store/read/read-source.js';
import type { StoredBlock } from '../../store/types.js';
import { blockView, formatTime, type BlockView, type NearView } from '../views.js';

export interface SightingView {
  readonly at: string;
  readonly rule: string;
  readonly rule_version: number;
  readonly attack_type: string;
  readonly points: number;
  readonly points_proven: number;
  readonly reason: string;
  readonly event_ids: readonly number[];
}

/** What is known of an address beside what it did; all of it null or empty when nothing is. */
export interface KnownOf {
  /** Escaped already. Whoever owns the address writes it: it proves nothing. */
  readonly reverseName: string | null;
  readonly asn: number | null;
  readonly organisation: string | null;
  readonly country: string | null;
  /** Why a database that is configured says nothing. */
  readonly problems: readonly string[];
}

export interface SourceView {
  readonly address: string;
  /** The network that counts as this source, as CIDR; score, sightings and blocks are of all of it. */
  readonly counts_as: string;
  /** The addresses of it that are known, fifty at most, and how many are. */
  readonly addresses: readonly string[];
  readonly addresses_known: number;
  /** Why it is never blocked, whatever it scores; null: it is not protected. */
  readonly protected_by: string | null;
  readonly reverse_name: string | null;
  readonly asn: number | null;
  readonly organisation: string | null;
  /** ISO 3166 code. */
  readonly country: string | null;
  readonly first_seen_at: string | null;
  readonly last_seen_at: string | null;
  readonly events: number;
  /** Messages beside them that were counted only, because they came too fast. */
  readonly thinned: number;
  /** Points as of now: after decay, since the last block by a rule. */
  readonly score: number;
  readonly score_proven: number;
  readonly threshold: number;
  readonly methods: readonly CountedValue[];
  readonly user_agents: readonly CountedValue[];
  readonly users_tried: readonly CountedValue[];
  readonly called_numbers: readonly CountedValue[];
  /**
   * Digest responses: how many different ones, and how often in all; accounts whose tried password is
   * known, and of them those where it is the user name.
   */
  readonly passwords: {
    readonly distinct: number;
    readonly tries: number;
    readonly accounts: number;
    readonly equal_to_user: number;
  };
  /** true: it looks like telephones that were pointed at the wrong address, with credentials of their own. */
  readonly misdirected_phones: boolean;
  /** Those whose password is known, as `user: password`. */
  readonly passwords_tried: readonly CountedValue[];
  /** Calls that the trap answered, newest first. */
  readonly calls: readonly {
    readonly user: string;
    readonly called: string;
    readonly began_at: string;
    readonly ended_at: string | null;
    readonly end_how: string | null;
  }[];
  /** Newest first. */
  readonly sightings: readonly SightingView[];
  /** How near rules are to firing, the nearest first; null: no agent runs, or it is blocked. */
  readonly near: readonly NearView[] | null;
  /** Newest first, ended ones too. */
  readonly blocks: readonly (BlockView & {
    readonly ended_at: string | null;
    readonly end_how: string | null;
  })[];
}

export interface SourceContext {
  readonly threshold: number;
  readonly policy: ScorePolicy;
  readonly nowUs: number;
  readonly known: KnownOf;
  readonly protectedBy?: string | null;
  /** How near rules are, as the running agent says; null: it was not asked, or does not run. */
  readonly near?: readonly NearView[] | null;
}

export function viewSource(story: SourceStory, context: SourceContext): SourceView {
  const score = scoreNow(story, context);
  const { known } = context;
  return {
    address: story.address,
    counts_as: story.countsAs,
    addresses: story.addresses,
    addresses_known: story.addressesKnown,
    protected_by: context.protectedBy ?? null,
    reverse_name: known.reverseName,
    asn: known.asn,
    organisation: known.organisation,
    country: known.country,
    first_seen_at: story.firstSeenUs === null ? null : formatTime(story.firstSeenUs),
    last_seen_at: story.lastSeenUs === null ? null : formatTime(story.lastSeenUs),
    events: story.events,
    thinned: story.thinned,
    score: score.total,
    score_proven: score.proven,
    threshold: context.threshold,
    methods: story.methods,
    user_agents: story.userAgents,
    users_tried: story.usersTried,
    called_numbers: story.calledNumbers,
    passwords: viewGuesses(story.guesses),
    misdirected_phones: looksMisdirected(story, context.threshold),
    passwords_tried: story.passwordsTried,
    calls: story.calls.map(viewCall),
    sightings: story.sightings.map(viewSighting),
    near: context.near ?? null,
    blocks: story.blocks.map(viewBlock),
  };
}

const viewGuesses = ({ equalToUser, ...counts }: GuessCounts): SourceView['passwords'] => ({
  ...counts,
  equal_to_user: equalToUser,
});

/** A guesser hardly tries a password again; a telephone tries nothing else. */
const TRIES_A_PASSWORD = 3;

/** Telephones with stored credentials try the same ones again and again, and no rule has accused them. */
const looksMisdirected = (
  { guesses, sightings, blocks }: SourceStory,
  threshold: number,
): boolean =>
  guesses.distinct > 0 &&
  guesses.tries >= TRIES_A_PASSWORD * guesses.distinct &&
  !sightings.some(({ points }) => points >= threshold) &&
  !blocks.some(({ proof }) => proof !== 'none');

/** True while a block that no one has ended covers it. */
export const isBlocked = ({ blocks }: SourceStory, nowUs: number): boolean =>
  blocks.some(
    ({ endedAtUs, expiresAtUs }) =>
      endedAtUs === null && (expiresAtUs === null || expiresAtUs > nowUs),
  );

/** The same sum that the agent keeps, from the stored sightings. */
function scoreNow(story: SourceStory, { policy, threshold, nowUs }: SourceContext): Score {
  const { address, sightings, blocks } = story;
  // They are there with the newest first.
  const last = blocks.find(({ origin }) => origin === 'detector');
  const paid = last === undefined ? undefined : paidBlock(last);
  const book = createScoreBook();
  const whole = (): string => address;
  restorePoints(book, sightings.toReversed(), whole, () => paid, { ...policy, threshold });
  return readScore(book, address, nowUs, policy);
}

const viewCall = (call: StoredCall): SourceView['calls'][number] => ({
  user: call.user,
  called: call.called,
  began_at: formatTime(call.beganAtUs),
  ended_at: call.endedAtUs === null ? null : formatTime(call.endedAtUs),
  end_how: call.endHow,
});

const viewSighting = (sighting: Sighting): SightingView => ({
  at: formatTime(sighting.atUs),
  rule: sighting.rule,
  rule_version: sighting.ruleVersion,
  attack_type: sighting.attackType,
  points: sighting.points,
  points_proven: sighting.pointsProven,
  reason: sighting.reason,
  event_ids: sighting.eventIds,
});

const viewBlock = (block: StoredBlock): SourceView['blocks'][number] => ({
  ...blockView(block, null),
  ended_at: block.endedAtUs === null ? null : formatTime(block.endedAtUs),
  end_how: block.endHow,
});
