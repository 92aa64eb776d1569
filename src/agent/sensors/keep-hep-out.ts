import { endpointText, type Packet } from '../../core/model/transport.js';
import { parseStartLine } from '../../core/sip/start-line.js';
import { openHepOut, type HepOut } from '../../sensors/hep/hep-out.js';
import type { AgentContext, HepOutKeeper } from '../agent-context.js';
import { resolveHost } from '../peers/resolve-name.js';

/** Tells a HEP server what the trap hears and says, for as long as the settings name one. */
export function keepHepOut(context: AgentContext): HepOutKeeper {
  const { nowUs, log } = context;
  let open: { out: HepOut; settings: string; target: string } | null = null;
  const shut = async (): Promise<void> => {
    await open?.out.close();
    open = null;
  };
  const follow = async (): Promise<void> => {
    const { sendTo, sendKey, sendId, sendName } = context.loaded.settings.hep;
    const settings = JSON.stringify([sendTo, sendKey, sendId, sendName]);
    if (settings === open?.settings) return;
    await shut();
    if (sendTo === null) return;
    const out = openHepOut({
      ...sendTo,
      ...{ id: sendId, name: sendName, key: sendKey },
      nowMs: () => performance.now(),
      say: log.say,
      lookUp: resolveHost,
    });
    const target = endpointText({ address: sendTo.host, port: sendTo.port });
    open = { out, settings, target };
  };
  const tell = (packet: Packet, answers: readonly Buffer[]): void => {
    if (open === null || !isSip(packet.bytes)) return;
    const { transport, source, local, receivedAtUs, bytes } = packet;
    const { send } = open.out;
    send({ transport, source, destination: local, atUs: receivedAtUs, bytes });
    for (const answer of answers) {
      send({ transport, source: local, destination: source, atUs: nowUs(), bytes: answer });
    }
  };
  void follow();
  return {
    follow,
    tell,
    status: () => {
      if (open === null) return null;
      const { out, target } = open;
      const { sent, dropped } = out.counts;
      return { target, sent, waiting: out.waiting(), lost: dropped, lastError: out.problem() };
    },
    close: shut,
  };
}

/** Much that comes to a trap is something else, which a server for SIP has no place for. */
function isSip(bytes: Buffer): boolean {
  const end = bytes.indexOf(13);
  return end > 0 && parseStartLine(bytes.toString('latin1', 0, end)).kind !== 'other';
}
