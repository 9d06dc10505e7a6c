/** The raw library, which comes without declarations. What is used of it is declared in sodium-module.ts. */
declare module 'libsodium-sumo' {
  export interface Hooks {
    /** 32 random bits. */
    readonly getRandomValue: () => number;
    readonly instantiateWasm?: (imports: object, done: (instance: object) => void) => void;
  }
  const create: <Module>(hooks: Hooks) => Promise<Module>;
  // eslint-disable-next-line no-restricted-syntax -- this is what the library exports
  export default create;
}
