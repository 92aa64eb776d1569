import { Args } from '@oclif/core';
import { AgentCommand } from '../../cli/agent-command.js';
import { readAddress } from '../../cli/read-address.js';
import { renderSource, viewSource, type SourceView } from '../../cli/source-view.js';
import { AgentError } from '../../core/model/errors.js';

export default class SourcesShow extends AgentCommand {
  static override summary = 'Tell the story of one source: what it did, what it scored, and why';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 203.0.113.7',
    "<%= config.bin %> <%= command.id %> 2001:db8::7 --json | jq '.sightings[].reason'",
  ];
  static override args = {
    address: Args.string({ required: true, description: 'IPv4 or IPv6 address' }),
  };

  async run(): Promise<SourceView> {
    const { args, flags } = await this.parse(SourcesShow);
    const address = readAddress(args.address);
    const loaded = await this.load(flags.config);
    const story = await this.withReader(loaded, (reader) => reader.showSource(address));
    if (story === null) throw neverSeen(address);
    const { threshold, scoreHalfLifeS } = loaded.settings.blocking;
    const nowUs = Date.now() * 1000;
    const view = viewSource(story, { threshold, policy: { scoreHalfLifeS }, nowUs });
    this.log(renderSource(view, nowUs / 1000));
    return view;
  }
}

const neverSeen = (address: string): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `source ${address}: never seen, and no block covers it`,
    'see `sentrypeer-agent events list` for who was',
  );
