import type { TrapEvent } from '../model/event.js';
import { quoteText } from '../model/text.js';
import type { CompiledRule } from './compile.js';
import { durationText } from './describe.js';
import { spanUs } from './tally.js';
import type { Tally } from './tally.js';

/** A sentence for a person: what was seen, with the numbers. Packet text in it is escaped. */
export function reasonOf({ rule }: CompiledRule, event: TrapEvent, tally: Tally | null): string {
  if (rule.count === null || tally === null) {
    return `${rule.name}: ${messageText(event)} over ${event.transport}${agentText(event)}`;
  }
  const { distinct, over, withinS } = rule.count;
  const things = distinct === null ? 'events' : `different ${distinct} values`;
  const span = (spanUs(tally) / 1e6).toFixed(1);
  const allowed = `allowed are ${over} in ${durationText(withinS)}`;
  return `${rule.name}: ${tally.size} ${things} in ${span}s, ${allowed}${agentText(event)}`;
}

function messageText({ message }: TrapEvent): string {
  switch (message.kind) {
    case 'request':
      return quoteText(message.method ?? 'a request', 32);
    case 'response':
      return `a response ${message.statusCode ?? 0}`;
    case 'other':
      return 'a message that is not SIP';
  }
}

function agentText({ message }: TrapEvent): string {
  return message.userAgent === null ? '' : `, User-Agent "${quoteText(message.userAgent, 64)}"`;
}
