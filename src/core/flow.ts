import type { ProtectTable } from './block/protect.js';
import type { BlockRequest, RequestRefusal } from './block/request.js';
import type { RuleFault } from './detect/detect.js';
import type { Block, FirewallChange, ProtectedPeer } from './model/block.js';
import type { CallRecord } from './model/call.js';
import type { EventRecord, TrapEvent } from './model/event.js';
import type { LogReport } from './model/log-report.js';
import type { Proof } from './model/proof.js';
import type { Outcome, Sensor } from './model/sensor.js';
import type { Mirror } from './pbx/pairing.js';
import type { Sighting } from './model/sighting.js';
import type { Packet } from './model/transport.js';

/** A request to the PBX that was stored. */
export interface RecordedRequest {
  readonly packet: Packet;
  readonly sensor: Exclude<Sensor, 'trap'>;
  readonly outcome: Outcome;
  readonly proof: Proof;
}

/** What goes into `step`. */
export type Input =
  | { readonly kind: 'packet'; readonly packet: Packet }
  /** A packet out of a record, with the proof that it had there: our key of then may be gone. */
  | { readonly kind: 'recorded'; readonly packet: Packet; readonly proof: Proof }
  /** A message to or from the PBX beside the trap, as a mirror shows it. */
  | { readonly kind: 'mirrored'; readonly packet: Packet; readonly sensor: Mirror }
  /** What a line of the PBX's log says. */
  | { readonly kind: 'report'; readonly report: LogReport }
  /** A request to the PBX out of a record, with what became of it then. */
  | { readonly kind: 'sensed'; readonly sensed: RecordedRequest }
  | { readonly kind: 'block'; readonly request: BlockRequest }
  | { readonly kind: 'unblock'; readonly target: string }
  /** These peers are protected from now on; blocks of them are lifted. */
  | { readonly kind: 'protect'; readonly protect: ProtectTable }
  /** Nothing is enforced any more: blocks in force become simulated ones. */
  | { readonly kind: 'stand-down' }
  /** Settles the blocks whose end has come. */
  | { readonly kind: 'settle' }
  /** Ends the calls whose time is over; wanted about once a second. */
  | { readonly kind: 'tick' };

export type EndHow = 'expired' | 'removed' | 'replaced';

/** What the shell around core must do, in this order. */
export type Effect =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly record: EventRecord; readonly event: TrapEvent }
  /** A request to the PBX of which nothing is kept. */
  | { readonly kind: 'welcome'; readonly event: TrapEvent }
  | { readonly kind: 'sighting'; readonly sighting: Sighting }
  /** A call that the trap answered has begun, or has ended. */
  | { readonly kind: 'call'; readonly call: CallRecord }
  | { readonly kind: 'block'; readonly block: Block }
  /** A block that is stored already has changed. */
  | { readonly kind: 'block-changed'; readonly block: Block }
  | {
      readonly kind: 'block-ended';
      readonly block: Block;
      readonly how: EndHow;
      readonly quiet?: true;
    }
  | { readonly kind: 'firewall'; readonly change: FirewallChange }
  | { readonly kind: 'spared'; readonly source: string; readonly peer: ProtectedPeer }
  | { readonly kind: 'breaker'; readonly tripped: boolean }
  | { readonly kind: 'still-talking'; readonly source: string; readonly target: string }
  | { readonly kind: 'fault'; readonly fault: RuleFault }
  | { readonly kind: 'refused'; readonly refusal: RequestRefusal };
