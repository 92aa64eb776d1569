import type { AddedBlocks, CreatedToken, ProtectedNow, RemovedBlock } from './calls.js';
import type { BlocksListing } from './views/block.js';
import type { EventView } from './views/event.js';
import type { NumberView } from './views/number.js';
import type { NetworksListing, PasswordsListing, SeriesView } from './views/overview.js';
import type { SourceView } from './views/source.js';
import type { StatsView } from './views/stats.js';
import type { SourcesListing } from './views/sources.js';
import type { ThreatsListing } from './views/threats.js';
import type { DescribedKey } from '../config/load.js';
import type {
  AlertTest,
  AlertsView,
  BlockView,
  FirewallView,
  JobView,
  NearView,
  PeerView,
  RuleView,
  StatusView,
  TokenView,
} from './views.js';

export interface HealthView {
  readonly ok: boolean;
  /** By name; false: this is what is wrong. */
  readonly checks: Readonly<Record<string, boolean>>;
}

/** Every JSON answer by its name; answer-schemas.ts says the same to OpenAPI. */
export interface Answers {
  readonly health: HealthView;
  readonly status: StatusView;
  readonly stats: StatsView;
  readonly series: SeriesView;
  readonly threats: ThreatsListing;
  readonly events: {
    readonly events: readonly EventView[];
    readonly limit: number;
    readonly next_before: number | null;
  };
  readonly event: { readonly event: EventView };
  readonly sources: SourcesListing;
  readonly source: SourceView & { readonly events_behind?: readonly EventView[] };
  readonly blocks: BlocksListing;
  readonly block: { readonly block: BlockView };
  readonly added_blocks: AddedBlocks;
  readonly removed_block: RemovedBlock;
  readonly cleared_blocks: { readonly removed: number };
  readonly protect: { readonly protect: readonly PeerView[] };
  readonly protected: ProtectedNow;
  readonly unprotected: { readonly removed: string };
  readonly numbers: { readonly numbers: readonly NumberView[]; readonly limit: number };
  readonly number: {
    readonly query: string;
    readonly seen: boolean;
    readonly numbers: readonly NumberView[];
  };
  readonly networks: NetworksListing;
  readonly passwords: PasswordsListing;
  readonly rules: { readonly rules: readonly RuleView[] };
  readonly nearness: { readonly near: readonly NearView[] };
  readonly firewall: { readonly firewall: FirewallView };
  readonly jobs: { readonly jobs: readonly JobView[] };
  readonly job: { readonly job: JobView };
  readonly config: {
    readonly configuration_file: string | null;
    readonly trial: boolean;
    readonly settings: readonly DescribedKey[];
  };
  readonly alerts: AlertsView;
  readonly alert_tests: { readonly tests: readonly AlertTest[] };
  readonly tokens: { readonly tokens: readonly TokenView[] };
  readonly token: CreatedToken;
  readonly revoked_token: { readonly revoked: string };
  readonly confirmed: { readonly confirmed: true };
  readonly nothing: Readonly<Record<string, never>>;
  /** The OpenAPI document. */
  readonly document: Readonly<Record<string, unknown>>;
}
