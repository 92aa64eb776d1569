import type { LoadedSettings } from '../config/load.js';
import type { Block } from '../core/model/block.js';
import type { Cidr } from '../core/common/address.js';
import type { ProtectTable } from '../core/block/protect.js';
import type { Reader } from '../store/read/reader.js';
import type { StoredToken } from '../store/types.js';
import type { BlockJournal } from './lists/block-journal.js';
import type { AgentCalls } from './calls.js';
import type { BouncerPlaces } from './lists/bouncer-places.js';
import type { EventStream } from './server/event-stream.js';
import type { Meters } from './meters.js';
import type { KnownOf } from './views/source.js';
import type { BlockView } from './views.js';

/** What the agent itself knows, in its memory: no query, no waiting. */
export interface AgentFacts {
  /** Of the program. */
  readonly version: string;
  readonly loaded: () => LoadedSettings;
  readonly tokens: () => readonly StoredToken[];
  readonly nowUs: () => number;
  /** The network that counts as the same source, and why that is never blocked; null: it may be. */
  readonly standing: (address: string) => {
    readonly around: Cidr;
    readonly protectedBy: string | null;
  };
  /** Blocks in memory, those as well whose time is just over. */
  readonly activeBlocks: () => Iterable<Block>;
  readonly activeBlock: (target: string) => Block | null;
  /** Those that hold all of a network, or of an address as one. */
  readonly blocksAround: (cidr: Cidr) => readonly Block[];
  readonly journal: BlockJournal;
  /** Who is never blocked. */
  readonly protect: () => ProtectTable;
  /** The block in force that covers a canonical address, the widest; null: none does. */
  readonly blockOf: (address: string) => BlockView | null;
  /** The points of a source as of now. */
  readonly scoreOf: (address: string) => { readonly total: number; readonly proven: number };
  readonly health: () => Health;
  readonly meters: () => Meters;
}

/** What must be so; false is a fault. `alive`: a restart would help. `ready`: it does what it is for. */
export interface Health {
  readonly alive: Readonly<Record<string, boolean>>;
  readonly ready: Readonly<Record<string, boolean>>;
}

/** What the routes answer from. */
export interface ApiServices {
  readonly calls: AgentCalls;
  readonly facts: AgentFacts;
  /** Asks the database on a connection of the API's own, one question after another. */
  readonly read: <T>(query: (reader: Reader) => Promise<T>) => Promise<T>;
  readonly stream: EventStream;
  readonly bouncers: BouncerPlaces;
  /** Network and country of an address, from the databases that are configured. */
  readonly findPlace: (address: string) => Promise<Omit<KnownOf, 'reverseName'>>;
}
