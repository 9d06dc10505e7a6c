/**
 * What of the environment is taken away before the program starts, as launcher.sh does. Nothing may be read here.
 */

/** Each of these makes Node run foreign code, write a file, listen, or trust what it should not; as in launcher.sh. */
export const DROPPED = [
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS', 'NODE_DEBUG'],
  ...['NODE_DEBUG_NATIVE', 'NODE_ICU_DATA', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_REPL_EXTERNAL_MODULE'],
  ...['NODE_USE_SYSTEM_CA', 'NODE_CHANNEL_FD'],
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'SSLKEYLOGFILE', 'LD_PRELOAD', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES'],
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Those that are set, and the environment without any of them. */
export function cleaned(given: Environment): { readonly dropped: readonly string[]; readonly env: Environment } {
  return {
    dropped: DROPPED.filter((name) => (given[name] ?? '') !== ''),
    env: Object.fromEntries(Object.entries(given).filter(([name]) => !DROPPED.some((each) => each === name))),
  };
}
