/**
 * Where the WebAssembly of libsodium comes from. From the sources, and in a page: from the library's JavaScript, which has
 * it as text. The build of the client puts a file in the place of both (.config/build-client.mjs): text must be read as
 * JavaScript and decoded at every start, a file need not. Nothing else may be in this file.
 */
export function binary(): Uint8Array | undefined {
  return undefined;
}
