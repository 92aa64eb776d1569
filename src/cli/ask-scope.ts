import { createInterface } from 'node:readline/promises';
import { SCOPES, type Scope } from '../core/model/block.js';
import { AgentError } from '../core/common/errors.js';

/** What each scope means to who sets up a host, the default first. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  all: 'A PBX or anything else that matters is here too: who attacks the trap is shut out of all of it.',
  sip: 'Who attacks the trap is kept off the SIP ports alone.',
  beside:
    'This host is a honeypot: who attacks the trap is shut out of everything else here, and the trap ' +
    'goes on answering him, to learn more. A forged name is shut out as well, for ten minutes: write ' +
    'the addresses that you come from into `protect`.',
};

/** Of an answer at the question below; null: it says none of them. */
export function readScopeAnswer(answer: string): Scope | null {
  const word = answer.trim().toLowerCase();
  if (word === '') return 'all';
  return SCOPES.find((scope, index) => word === scope || word === String(index + 1)) ?? null;
}

/** Asks how far a proven attacker is to be blocked. Where nobody sits, it is the default. */
export async function askScope(): Promise<Scope> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return 'all';
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const choices = SCOPES.map(
    (scope, index) => `  ${index + 1} ${scope}: ${SCOPE_MEANINGS[scope]}\n`,
  );
  process.stderr.write(`What is blocked of an attacker?\n${choices.join('')}`);
  // Ctrl-D and Ctrl-C are no answer, and not the default either.
  const gone = new Promise<null>((resolve) => {
    asking.once('close', () => {
      resolve(null);
    });
  });
  try {
    for (;;) {
      const question = asking.question('Which of them? [1] ');
      const answer = await Promise.race([question, gone]);
      if (answer === null) throw unanswered();
      const scope = readScopeAnswer(answer);
      if (scope !== null) return scope;
    }
  } finally {
    asking.close();
  }
}

const unanswered = (): AgentError =>
  new AgentError(
    'USAGE',
    'what is to be blocked of an attacker was not answered, and nothing was done',
    'type the same again, or give --scope all, sip or beside',
  );
