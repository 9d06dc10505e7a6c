/** The one check of what the core gives to `send`. */
import { FRAME_LIMIT, LocalProtocolError } from 'securechat/plugin';

/** Throws LocalProtocolError for a frame that is no frame: a defect of the caller, which must not reach the other side. */
export function checkFrame(frame: Uint8Array): void {
  if (frame.length === 0 || frame.length > FRAME_LIMIT) {
    throw new LocalProtocolError(`a frame has 1 to ${String(FRAME_LIMIT)} bytes`);
  }
}
