import { isTellable } from '../../api/lists/decisions.js';
import type { AgentFacts } from '../../api/facts.js';
import { LIMITS } from '../../core/common/limits.js';
import type { AgentContext, PusherKeeper } from '../agent-context.js';
import { VERSION } from '../package.js';
import { createLapiClient } from './lapi-client.js';
import { createPusher, type Pusher } from './pusher.js';

const LOOK_EVERY_MS = 1_000;

/** Longer with each failure, so that one that is away for long is not asked each second. */
const restMs = (failures: number): number =>
  Math.min(LOOK_EVERY_MS * 2 ** failures, LIMITS.crowdsecRestMsMax);

export function keepPusher(context: AgentContext, facts: AgentFacts): PusherKeeper {
  let open: { pusher: Pusher; settings: string; stop: () => void } | null = null;
  const shut = (): void => {
    open?.stop();
    open?.pusher.close();
    open = null;
  };
  const follow = (): void => {
    const { url, machineId, passwordFile } = context.loaded.settings.crowdsec;
    const settings = JSON.stringify([url, machineId, passwordFile]);
    if (settings === open?.settings) return;
    shut();
    if (url === null || passwordFile === null) return;
    const pusher = createPusher({
      client: createLapiClient({ url, machineId, passwordFile, version: VERSION }),
      journal: context.journal,
      tellable: () => tellable(facts),
      tellableOf: (target) => {
        const block = facts.activeBlock(target);
        return block !== null && isTellable(facts, block, facts.nowUs()) ? block : null;
      },
      nowUs: facts.nowUs,
      say: context.log.say,
    });
    open = { pusher, settings, stop: repeat(pusher) };
  };
  follow();
  return { follow, close: shut };
}

function* tellable(facts: AgentFacts) {
  const nowUs = facts.nowUs();
  for (const block of facts.activeBlocks()) if (isTellable(facts, block, nowUs)) yield block;
}

/** Tells what waits, one time after another. Returns what ends that. */
function repeat(pusher: Pusher): () => void {
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let ended = false;
  const next = (): void => {
    if (ended) return;
    timer = setTimeout(() => {
      void pusher.flush().then((told) => {
        failures = told ? 0 : failures + 1;
        next();
      });
    }, restMs(failures));
  };
  next();
  return () => {
    ended = true;
    if (timer !== null) clearTimeout(timer);
  };
}
