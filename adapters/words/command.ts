/**
 * The name under which this reader started the program, for sentences that name a command. Nothing else may be read from
 * the environment in this file.
 */

/** What a shell takes as it is. */
const PLAIN = /^[\w./~+-]{1,200}$/;

/** `./run.sh` tells its own name. */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  const told = env['SECURECHAT_COMMAND'] ?? '';
  return PLAIN.test(told) ? told : 'securechat';
}

export const COMMAND = commandName(process.env);
