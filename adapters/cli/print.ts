/**
 * What a command answers, on a stream: out, or told as an error. A full disk and a reader that is gone are not success. No
 * sentence may be in this file.
 */
import { SecurechatError } from '../../core/errors.js';

type Output = Pick<NodeJS.WritableStream, 'write'>;

/** Resolves when the text is out. Throws SecurechatError SC-505. */
export function print(stream: Output, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      if (error) reject(new SecurechatError('SC-505', { why: 'code' in error ? String(error.code) : error.name }));
      else resolve();
    };
    try {
      stream.write(text, done);
    } catch (error) {
      done(error as Error);
    }
  });
}
