import { parseMessage } from '../../core/sip/parse.js';
import { feedLive, type ReplayRun } from '../run.js';
import {
  CAMPAIGN_PORT,
  startCampaign,
  type CampaignName,
  type CampaignOptions,
} from './campaigns.js';
import { HOST, readAnswer } from './message.js';

/** One packet of a campaign and what came of it. */
export interface SimulatedPacket {
  readonly number: number;
  readonly atUs: number;
  /** What it asks, in a few words. */
  readonly what: string;
  /** Status of the agent's answer; null: none. */
  readonly answered: number | null;
  /** The source's highest score so far. */
  readonly scorePeak: number;
  readonly keptOut: boolean;
}

/** A fixed moment, so that a simulation is the same each time. */
const START_US = 1_767_225_600_000_000;

/**
 * Lets a campaign of so many packets meet the agent: each packet goes into core, each answer back
 * into the campaign, so that proof comes about as it does on the wire. Nothing is sent.
 */
export function runCampaign(
  run: ReplayRun,
  name: CampaignName,
  options: CampaignOptions,
  packets: number,
): readonly SimulatedPacket[] {
  const campaign = startCampaign(name, options);
  const told: SimulatedPacket[] = [];
  const source = { address: options.address, port: CAMPAIGN_PORT };
  const local = { address: HOST, port: 5060 };
  let atUs = START_US;
  let next = campaign.next();
  while (next.done !== true && told.length < packets) {
    const { afterMs, bytes } = next.value;
    atUs += afterMs * 1_000;
    const keptOutBefore = run.story.keptOut;
    const packet = { receivedAtUs: atUs, transport: 'udp', source, local, bytes } as const;
    const answer = feedLive(run, packet);
    told.push({
      number: told.length + 1,
      atUs,
      what: describe(bytes),
      answered: readAnswer(answer)?.status ?? null,
      scorePeak: run.story.sources.get(options.address)?.scorePeak ?? 0,
      keptOut: run.story.keptOut > keptOutBefore,
    });
    next = campaign.next(answer);
  }
  return told;
}

function describe(bytes: Buffer): string {
  const { method, requestUri, toUser, authorization } = parseMessage(bytes);
  const user = method === 'REGISTER' ? ` for ${toUser ?? '?'}` : '';
  const guess = authorization === null ? '' : ', with a guess';
  return `${method ?? '?'} ${requestUri ?? '?'}${user}${guess}`;
}
