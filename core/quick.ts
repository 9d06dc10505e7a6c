/**
 * For what is asked many times in each step. An object literal with getters is a dictionary to V8: whatever is asked of it is
 * looked up, and nothing of it becomes part of what it compiles. A prototype is none. No state may be in this file.
 */

/** An object that has all of `made` from its prototype. It has nothing of its own: never spread it, never ask for its keys. */
export function quick<T extends object>(made: T): T {
  return Object.create(made) as T;
}
