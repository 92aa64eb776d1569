import { Args, Flags } from '@oclif/core';
import { formatTime } from '../api/views.js';
import { AgentCommand } from '../cli/agent-command.js';
import { readAddress } from '../core/common/read-address.js';
import { planReplay } from '../cli/replay/replay-setup.js';
import { renderStory } from '../cli/replay/replay-text.js';
import { viewStory, type StoryView } from '../cli/replay/replay-view.js';
import { renderTable } from '../cli/text/table.js';
import { createRun } from '../replay/run.js';
import { CAMPAIGNS, type CampaignName } from '../replay/simulate/campaigns.js';
import { runCampaign, type SimulatedPacket } from '../replay/simulate/run-campaign.js';
import { LIMITS } from '../core/common/limits.js';

interface PacketView {
  readonly number: number;
  readonly at: string;
  readonly what: string;
  readonly answered: number | null;
  readonly score_peak: number;
  readonly kept_out: boolean;
}

interface Simulated {
  readonly campaign: CampaignName;
  readonly from: string;
  readonly packets: readonly PacketView[];
  readonly packets_total: number;
  readonly story: StoryView;
}

export default class Simulate extends AgentCommand {
  static override summary = 'See what the agent would do against an attack; no packet is sent';
  static override description =
    'Lets a made-up campaign meet the rules and settings in force, in memory: nothing is sent, ' +
    'stored or blocked, and no agent is needed. The same call tells the same story each time.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> svwar',
    '<%= config.bin %> <%= command.id %> svcrack --disguised',
    '<%= config.bin %> <%= command.id %> tollfraud --from 198.51.100.7 --rule mine.yaml',
  ];
  static override args = {
    campaign: Args.string({
      required: true,
      options: [...CAMPAIGNS],
      description: 'what attacks',
    }),
  };
  static override flags = {
    from: Flags.string({
      helpValue: 'ADDRESS',
      default: '203.0.113.66',
      description: 'address that attacks',
    }),
    packets: Flags.integer({
      default: 30,
      min: 1,
      max: LIMITS.simulatedPacketsMax,
      description: 'packets that it sends',
    }),
    disguised: Flags.boolean({ description: "without the attack tool's name and marks" }),
    rule: Flags.string({
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'rules beside those in force; one with the same id takes the place',
    }),
    protect: Flags.string({
      helpValue: 'CIDR',
      multiple: true,
      multipleNonGreedy: true,
      description: 'never blocked, beside those of the configuration',
    }),
  };

  async run(): Promise<Simulated> {
    const { args, flags } = await this.parse(Simulate);
    const { rule = [], protect = [] } = flags;
    const address = readAddress(flags.from);
    const loaded = await this.load(flags.config);
    const plan = await planReplay(loaded, { protect, ruleFiles: rule, only: false });
    const run = createRun(plan.setting, plan.trial?.rules ?? plan.rules);
    // The parser lets through the options of the argument alone.
    const campaign = args.campaign as CampaignName;
    const options = { address, marked: !flags.disguised };
    const packets = runCampaign(run, campaign, options, flags.packets).map(viewPacket);
    const story = viewStory(run, PACKETS_SHOWN);
    this.log(`${renderPackets(packets)}\n\n${renderStory(story)}`);
    return { campaign, from: address, packets, packets_total: packets.length, story };
  }
}

const PACKETS_SHOWN = 50;

const viewPacket = (packet: SimulatedPacket): PacketView => ({
  number: packet.number,
  at: formatTime(packet.atUs),
  what: packet.what,
  answered: packet.answered,
  score_peak: Number(packet.scorePeak.toFixed(3)),
  kept_out: packet.keptOut,
});

function renderPackets(packets: readonly PacketView[]): string {
  const rows = packets
    .slice(0, PACKETS_SHOWN)
    .map(({ number, at, what, answered, score_peak: score, kept_out: keptOut }) => [
      String(number),
      at.slice(11, 23),
      keptOut ? 'kept out' : answered === null ? 'no answer' : String(answered),
      String(Math.round(score)),
      what,
    ]);
  const table = renderTable(
    ['PACKET', { title: 'TIME (UTC)', rank: 1 }, 'ANSWER', 'SCORE', 'WHAT'],
    rows,
  );
  const more = packets.length - rows.length;
  return more > 0 ? `${table}\nand ${more} more` : table;
}
