/**
 * What the runtime enforces for this process, as far as it can be asked without trying. Nothing may be changed here.
 */
interface Permission {
  has(scope: string, reference?: string): boolean;
  /** From 26 on. What it takes away does not come back; `reference` must be what was given. */
  drop?(scope: string, reference?: string): void;
}

/** Node's permission model, undefined where it is off. */
export function permission(): Permission | undefined {
  return (process as { permission?: Permission }).permission;
}

/**
 * A place that nobody has allowed. Without one Node 20 answers for the working folder, which `receive` may write; and it
 * says yes of a root that several allowed folders begin with.
 */
export const ELSEWHERE = '/securechat/asks';

/** This process may not write files, start programs or threads, load native code or be debugged. */
export function isEnforced(): boolean {
  const model = permission();
  return (
    model !== undefined && !model.has('fs.write', ELSEWHERE) && !['child', 'worker'].some((scope) => model.has(scope))
  );
}
