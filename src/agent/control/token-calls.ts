import type { CreatedToken, CreateToken } from '../../api/calls.js';
import { makeToken, tokenView } from '../../api/server/tokens.js';
import type { TokenView } from '../../api/views.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { AgentContext } from '../agent-context.js';

/** What may stand in a log line and be typed again without quotes. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

export const viewTokens = ({ tokens, nowUs }: AgentContext): readonly TokenView[] =>
  tokens.map((token) => tokenView(token, nowUs()));

/** Makes a token, which is told this once. Rejects with USAGE for a name that is bad or taken. */
export async function createToken(
  context: AgentContext,
  { name, scope, duration_s: durationS }: CreateToken,
): Promise<CreatedToken> {
  const { store, reader, nowUs, log } = context;
  if (!NAME.test(name)) throw badName(name);
  if (context.tokens.length >= LIMITS.apiTokensMax) throw full();
  const { token, hash } = makeToken();
  const createdAtUs = nowUs();
  const expiresAtUs = durationS === null ? null : createdAtUs + durationS * 1_000_000;
  const stored = { name, scope, hash, createdAtUs, expiresAtUs };
  if (!(await store.addToken(stored))) throw taken(name);
  context.tokens = await reader.tokens();
  log.say(`the API token ${name} (${scope}) was made`);
  return { ...tokenView(stored, createdAtUs), token };
}

/** From now on it lets nobody in. Rejects with NOT_FOUND. */
export async function revokeToken(
  context: AgentContext,
  name: string,
): Promise<{ readonly revoked: string }> {
  const { store, reader, log } = context;
  const removed = await store.removeToken(name);
  context.tokens = await reader.tokens();
  if (!removed) {
    throw new AgentError(
      'NOT_FOUND',
      `API token ${quoteText(name)}: there is none of that name`,
      'see `sentrypeer-agent token list`',
    );
  }
  log.say(`the API token ${name} was revoked`);
  return { revoked: name };
}

const badName = (name: string): AgentError =>
  new AgentError(
    'USAGE',
    `API token ${quoteText(name)}: that is no name for one`,
    'give up to 64 letters, digits and . _ @ -, such as grafana or siem-1',
  );

const taken = (name: string): AgentError =>
  new AgentError(
    'USAGE',
    `API token ${name}: there is one of that name`,
    'choose another name, or type `sentrypeer-agent token revoke` with this one first',
  );

const full = (): AgentError =>
  new AgentError(
    'USAGE',
    `more than ${LIMITS.apiTokensMax} API tokens cannot be held`,
    'revoke those that nobody uses (`sentrypeer-agent token list`)',
  );
