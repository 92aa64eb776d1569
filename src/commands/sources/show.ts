import { Args, Flags } from '@oclif/core';
import { createDiscovery } from '../../agent/peers/discover-peers.js';
import { findPlace } from '../../agent/geoip.js';
import { eventView, type EventView } from '../../api/views/event.js';
import { isBlocked, viewSource, type KnownOf, type SourceView } from '../../api/views/source.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { readAddress } from '../../core/common/read-address.js';
import { findReverseName } from '../../cli/reverse-name.js';
import { renderSightedEvents, sightedIds } from '../../cli/views/sighted-events.js';
import { renderSource } from '../../cli/views/source-view.js';
import type { NearView } from '../../api/views.js';
import type { LoadedSettings } from '../../config/load.js';
import type { Settings } from '../../config/schema.js';
import { createProtectTable, findProtected, type ProtectTable } from '../../core/block/protect.js';
import { cidrOf, parseCidr } from '../../core/common/address.js';
import { createIdentities, identityCidr } from '../../core/model/identity.js';
import { AgentError } from '../../core/common/errors.js';

export default class SourcesShow extends AgentCommand {
  static override summary = 'Tell the story of one source: what it did, what it scored, and why';
  static override description =
    'Asks DNS for the name of the address, for two seconds at most: who owns the address may see ' +
    'that. Network and country come from the databases that geoip_asn_file and geoip_country_file name.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 203.0.113.7',
    '<%= config.bin %> <%= command.id %> 203.0.113.7 --events --no-dns',
    "<%= config.bin %> <%= command.id %> 2001:db8::7 --json | jq '.sightings[].reason'",
  ];
  static override args = {
    address: Args.string({ required: true, description: 'IPv4 or IPv6 address' }),
  };
  static override flags = {
    events: Flags.boolean({ description: 'also the events behind each sighting' }),
    dns: Flags.boolean({ allowNo: true, default: true, description: 'ask DNS for its name' }),
  };

  async run(): Promise<SourceView & { readonly events_behind?: readonly EventView[] }> {
    const { args, flags } = await this.parse(SourcesShow);
    const address = readAddress(args.address);
    const loaded = await this.loadToFind(flags.config);
    const protect = await findProtect(loaded.settings);
    const cidrs = protect.peers.map(({ cidr }) => cidr);
    const around = identityCidr(createIdentities(loaded.settings.blocking, cidrs), address);
    const { story, events } = await this.withReader(loaded, async (reader) => {
      const found = await reader.showSource(address, around);
      const ids = flags.events && found !== null ? sightedIds(found.sightings) : [];
      return { story: found, events: await reader.eventsById(ids) };
    });
    if (story === null) throw neverSeen(address);
    const known = await findKnown(loaded.settings, address, flags.dns);
    const { threshold, scoreHalfLifeS } = loaded.settings.blocking;
    const nowUs = Date.now() * 1000;
    const alone = cidrOf(address, null);
    const protectedBy = alone === null ? null : (findProtected(protect, alone)?.from ?? null);
    const near = isBlocked(story, nowUs) ? null : await this.askNear(loaded, address);
    const view = viewSource(story, {
      threshold,
      policy: { scoreHalfLifeS },
      nowUs,
      known,
      protectedBy,
      near,
    });
    for (const problem of known.problems) this.logToStderr(problem);
    this.log(renderSource(view, nowUs / 1000));
    if (!flags.events) return view;
    this.log(`\n${renderSightedEvents(story.sightings, events)}`);
    return { ...view, events_behind: events.map(eventView) };
  }

  /** Asks the running agent; null where none runs, or this user may not ask, which stderr says. */
  private async askNear(
    loaded: LoadedSettings,
    address: string,
  ): Promise<readonly NearView[] | null> {
    try {
      return await this.withRunningAgent(loaded, (calls) => calls.nearness(address));
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.logToStderr(`note: how near the rules are is not known: ${error.message}`);
      return null;
    }
  }
}

/** Who is protected by address: what is configured, and what is found on this host. */
async function findProtect({ blocking }: Settings): Promise<ProtectTable> {
  const named = blocking.protect.map((target) => ({ target, from: 'configuration: protect' }));
  const found = await createDiscovery(process.env).find(Date.now() * 1000);
  return createProtectTable(
    [...named, ...found].filter(({ target }) => parseCidr(target) !== null),
  );
}

async function findKnown(settings: Settings, address: string, dns: boolean): Promise<KnownOf> {
  const [place, reverseName] = await Promise.all([
    findPlace(settings, address),
    dns ? findReverseName(address) : null,
  ]);
  return { ...place, reverseName };
}

const neverSeen = (address: string): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `source ${address}: never seen, and no block covers it`,
    'see `sentrypeer-agent events list` for who was',
  );
