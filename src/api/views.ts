import type { AttackType } from '../core/model/attack-type.js';
import type { Block, BlockOrigin, Scope } from '../core/model/block.js';
import type { TokenScope } from '../core/model/token-scope.js';
import type { Importance, NoticeKind, OutboxEntry } from '../core/model/notice.js';
import type { Proof } from '../core/model/proof.js';
import { safeText } from '../core/common/text.js';

/** JSON as it leaves the program: snake_case, UTC ISO 8601 times, canonical addresses. */
export interface BlockView {
  readonly id: number;
  readonly target: string;
  readonly scope: Scope;
  readonly origin: BlockOrigin;
  readonly proof: Proof;
  readonly rule: string | null;
  readonly attack_type: AttackType | null;
  readonly reason: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly simulated: boolean;
  /** Made by hand over a protected peer. */
  readonly forced: boolean;
  /** Read off the kernel once a minute; null when nothing was read for it yet. */
  readonly packets_dropped: number | null;
}

/** A peer that is never blocked, and where it comes from. */
export interface PeerView {
  readonly target: string;
  readonly from: string;
}

/** Where alerts go: `waiting` now; `sent` and `failed` since the agent started. */
export interface AlertTargetView {
  readonly name: string;
  readonly place: string;
  readonly waiting: number;
  readonly sent: number;
  readonly failed: number;
}

/** One notice on its way to one target, or how that ended. */
export interface AlertView {
  readonly id: string;
  readonly target: string;
  readonly state: OutboxEntry['state'];
  readonly kind: NoticeKind;
  readonly importance: Importance;
  readonly at: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly count: number;
  readonly attempts: number;
  readonly ended_at: string | null;
  readonly error: string | null;
}

export interface AlertsView {
  readonly targets: readonly AlertTargetView[];
  readonly alerts: readonly AlertView[];
}

export interface AlertTest {
  readonly target: string;
  readonly place: string;
  /** Why it was not taken; null: it was. */
  readonly error: string | null;
}

/** A token of the API, as far as it may be told. */
export interface TokenView {
  readonly name: string;
  readonly scope: TokenScope;
  readonly created_at: string;
  readonly expires_at: string | null;
  /** Its time is over: it lets nobody in. */
  readonly expired: boolean;
}

export interface RuleView {
  readonly id: string;
  readonly version: number;
  readonly attack_type: AttackType;
  readonly severity: string;
  readonly condition: string;
  readonly points: number;
  readonly source_file: string;
  readonly sightings_24h: number;
  readonly blocks_24h: number;
  /** What went wrong when the rule ran last; null when it works. */
  readonly fault: string | null;
}

/** How near a rule is to firing for a source: `things` of `needed` `what`. */
export interface NearView {
  readonly rule: string;
  readonly attack_type: AttackType;
  readonly points: number;
  readonly things: number;
  readonly needed: number;
  readonly what: string;
}

export interface FirewallView {
  readonly backend: string;
  readonly enforcing: boolean;
  readonly why: string;
  readonly present: boolean;
  readonly protect: readonly string[];
  readonly blocks: number;
  /** Our rules as the firewall program prints them. */
  readonly rules: string;
}

export interface JobView {
  readonly name: string;
  readonly description: string;
  readonly schedule: string;
  readonly running: boolean;
  readonly next_run_at: string | null;
  /** When it is tried again after a failure; null: it is not. */
  readonly retry_at: string | null;
  /** Failed runs since the last good one, in this process. */
  readonly failures: number;
  readonly last_started_at: string | null;
  readonly last_finished_at: string | null;
  readonly last_result: 'ok' | 'failed' | null;
  readonly last_detail: string | null;
}

export interface StatusView {
  readonly running: boolean;
  readonly version: string;
  readonly pid: number | null;
  readonly started_at: string | null;
  readonly trial: boolean;
  readonly configuration_file: string | null;
  /** What is wrong with that file by now, or with the rules: those before stay in force; else null. */
  readonly configuration_error: string | null;
  readonly rules_error: string | null;
  readonly database_file: string;
  readonly listening: readonly { transport: string; address: string; port: number }[];
  /** Where the HTTP API is; null: it is off, or could not be opened. */
  readonly api_url: string | null;
  readonly blocking: {
    readonly mode: 'enforce' | 'observe';
    readonly backend: string;
    readonly why: string;
    readonly active_blocks: number;
    /** The same by what they close. */
    readonly active_by_scope: Readonly<Record<Scope, number>>;
    readonly waiting_changes: number;
    readonly failed_changes: number;
    readonly last_error: string | null;
    /** Blocks that must be in the firewall. */
    readonly desired: number;
    /** Blocks that were there at the last full look, and how many differed; null before it. */
    readonly actual: number | null;
    readonly differing: number | null;
    readonly compared_at: string | null;
    /** A copy of the rules that no other program can take away stands beside the table. */
    readonly guarded: boolean;
    readonly repairs: number;
    readonly last_repair_at: string | null;
    readonly last_repair: string | null;
    readonly retrying_changes: number;
    /** Packets from sources that the firewall should have dropped. */
    readonly still_talking: number;
    readonly last_still_talking: string | null;
    /** Until then `confirm` must be typed, or the agent goes back to observing. */
    readonly confirm_until: string | null;
    /** Protected host names without an address. */
    readonly unresolved_peers: readonly string[];
    readonly unproven_breaker_tripped: boolean;
    /** What brought the spoofing storm that is on; null: none is. */
    readonly storm: string | null;
    readonly refused_unproven: number;
    readonly refused_full: number;
  };
  /** Exact counts since the start. */
  readonly counts: Readonly<Record<string, number>>;
  /** Per bound or loss: how often it was hit. Zero means that nothing was lost; null: not known. */
  readonly limits_hit: Readonly<Record<string, number | null>>;
  readonly store: {
    /** Null, as the size, where the database cannot be read; `read_error` says why. */
    readonly events: number | null;
    readonly database_bytes: number | null;
    readonly read_error: string | null;
    readonly queued: number;
    readonly failed: number;
    /** Why the database cannot be written right now; null while it can. */
    readonly last_error: string | null;
  };
  /** The syslog server and the journal, once something went there, and the HEP server; lines or messages since the start. */
  readonly remote_logs: readonly {
    readonly name: string;
    readonly target: string;
    readonly sent: number;
    readonly waiting: number;
    readonly lost: number;
    /** Why nothing goes there right now; null while it does. */
    readonly last_error: string | null;
  }[];
  /** Sensors beside a PBX that the configuration asks for. */
  readonly sensors: readonly SensorView[];
  readonly notices: readonly string[];
}

/** One sensor, and what came to it since it was opened. */
export interface SensorView {
  readonly sensor: 'hep' | 'capture' | 'log';
  /** Where it looks; null: it is not open. */
  readonly where: string | null;
  /** Messages or lines that went to the detectors. */
  readonly taken: number;
  /** What was left, by why. */
  readonly left: Readonly<Record<string, number>>;
  /** Why it is not open, or is in trouble; null: it is well. */
  readonly trouble: string | null;
}

/** Microseconds since 1970 as `2026-01-31T12:00:00.000000Z`. */
export function formatTime(us: number): string {
  const ms = Math.floor(us / 1000);
  const micros = String(Math.floor(us) % 1000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${micros}Z`;
}

export const blockView = (block: Block, packetsDropped: number | null): BlockView => ({
  id: block.id,
  target: block.target,
  scope: block.scope,
  origin: block.origin,
  proof: block.proof,
  rule: block.rule,
  attack_type: block.attackType,
  // One that an older agent took over raw must not reach a terminal either.
  reason: safeText(block.reason),
  created_at: formatTime(block.createdAtUs),
  expires_at: block.expiresAtUs === null ? null : formatTime(block.expiresAtUs),
  simulated: block.simulated,
  forced: block.forced,
  packets_dropped: packetsDropped,
});

export const alertView = ({
  notice,
  target,
  state,
  attempts,
  endedAtUs,
  error,
}: OutboxEntry): AlertView => ({
  id: notice.id,
  target,
  state,
  kind: notice.kind,
  importance: notice.importance,
  at: formatTime(notice.atUs),
  title: notice.title,
  lines: notice.lines,
  count: notice.count,
  attempts,
  ended_at: endedAtUs === null ? null : formatTime(endedAtUs),
  error,
});
