/**
 * The socket that answers questions alone, beside the one that commands steer the agent by:
 * `agent.sock` has `agent.read.sock`.
 */
export const readSocketOf = (socketFile: string): string =>
  `${socketFile.replace(/\.sock$/, '')}.read.sock`;
