import { fileURLToPath } from 'node:url';
import type { LabHost } from './lab.js';

const PEER = fileURLToPath(new URL('peer.mjs', import.meta.url));

export type Outcome = 'answer' | 'silence';

/** One probe: `flow` names the socket, which is kept, so a second probe is an established flow. */
export interface Probe {
  readonly flow: string;
  readonly from: string;
  readonly fromPort?: number;
  readonly to: string;
  readonly port: number;
}

/** A program on one of the lab's machines that echoes on ports and probes those of another. */
export interface Talker {
  listen(port: number): Promise<void>;
  udp(probe: Probe): Promise<Outcome>;
  tcp(probe: Probe): Promise<Outcome>;
}

/** How long silence must last to be one; an answer in the lab takes under a millisecond. */
const SILENCE_MS = 300;

export function startTalker(host: LabHost): Talker {
  const peer = host.spawn(process.execPath, [PEER]);
  let asked = 0;
  const ask = async (action: string, details: object): Promise<string> => {
    asked += 1;
    const id = asked;
    peer.write(JSON.stringify({ id, action, msMax: SILENCE_MS, ...details }));
    const line = await peer.line((each) => each.startsWith(`{"id":${id},`));
    // The peer says nothing but this.
    return (JSON.parse(line) as { outcome: string }).outcome;
  };
  const probe = async (action: 'udp' | 'tcp', details: Probe): Promise<Outcome> =>
    (await ask(action, details)) === 'answer' ? 'answer' : 'silence';
  return {
    listen: async (port) => {
      await ask('listen', { port });
    },
    udp: (details) => probe('udp', details),
    tcp: (details) => probe('tcp', details),
  };
}
