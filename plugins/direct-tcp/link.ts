/**
 * A connection on which both sides have joined: frames both ways, back-pressure, one end. Who connected to whom, and what
 * becomes of the room, may not be in this file.
 */
import type { Socket } from 'node:net';
import { type ClockPort, WAITING_LIMIT, WAITING_MARK } from 'securechat/plugin';
import { CLOSE_WAIT_MS, createFrameReader, FRAME_TIMEOUT_MS, LEAVE, LENGTH, withLength } from './wire.js';

export interface LinkEvents {
  frame(frame: Uint8Array): void;
  drain(): void;
  /** The last event, once, unless the link was dropped. left: the other side said so. closed: `close` is done. */
  over(how: 'left' | 'lost' | 'closed', why: string): void;
}

export interface Link {
  /** What came behind the hello or its answer, then everything else. To be called once. */
  begin(rest: Uint8Array): void;
  /** As `send` of the port: false above WAITING_MARK, and the connection is lost above WAITING_LIMIT. */
  send(frame: Uint8Array): boolean;
  /** Bytes that the operating system has not taken. */
  readonly waiting: number;
  /** `send` has returned false and no `drain` has come. */
  readonly blocked: boolean;
  /** Flushes, says that this side leaves, closes; `over` follows. */
  close(): void;
  /** Breaks the connection; no event follows. */
  drop(): void;
}

/** The socket is open and belongs to the link from now on. */
export function createLink(clock: ClockPort, socket: Socket, events: LinkEvents): Link {
  let state: 'open' | 'closing' | 'over' = 'open';
  let blocked = false;
  let problem = '';
  let cancelTimer = (): void => undefined;
  /** The frame that the timer watches, counted from 0; none: -1. */
  let watched = -1;

  const reader = createFrameReader({
    frame(frame) {
      if (state === 'open') events.frame(frame);
    },
    leave() {
      if (state !== 'open') return;
      // What is still to be written is for nobody. The end of it is our answer; a reader that stalls is not waited for.
      arm(CLOSE_WAIT_MS, '');
      socket.destroySoon();
      finish('left', '');
    },
    tooLarge: () => lose('a frame is too large'),
  });

  /** One timer: of a frame that has begun, or of the end. */
  function arm(ms: number, why: string): void {
    cancelTimer();
    cancelTimer = clock.wakeAt(clock.now() + ms, () => lose(why));
  }

  function lose(why: string): void {
    problem ||= why;
    socket.destroy();
  }

  function finish(how: 'left' | 'lost' | 'closed', why: string): void {
    if (state === 'over') return;
    state = 'over';
    events.over(how, why);
  }

  function read(chunk: Uint8Array): void {
    // The end may have come from within a frame: then the timer is the end's.
    if (state === 'open' && reader.push(chunk) && isOpen()) watch();
  }

  function watch(): void {
    const current = reader.partial ? reader.complete : -1;
    if (current === watched) return;
    watched = current;
    if (current < 0) cancelTimer();
    else arm(FRAME_TIMEOUT_MS, 'a frame did not become complete');
  }

  function isOpen(): boolean {
    return state === 'open';
  }

  function onSent(error?: Error | null): void {
    if (error || state !== 'open' || !blocked || socket.writableLength > WAITING_MARK) return;
    blocked = false;
    events.drain();
  }

  return {
    begin(rest) {
      socket.setNoDelay(true);
      socket.on('error', (error: NodeJS.ErrnoException) => {
        problem ||= error.code ?? error.name;
      });
      // Without a word that it leaves: nothing more can be told to it.
      socket.on('end', () => {
        if (state === 'open') lose('the other side closed the connection');
      });
      socket.on('close', () => {
        cancelTimer();
        finish(state === 'closing' ? 'closed' : 'lost', state === 'closing' ? '' : problem);
      });
      socket.on('data', read);
      read(rest);
    },

    send(frame) {
      if (state !== 'open' || socket.destroyed) return false;
      if (socket.writableLength + LENGTH + frame.length > WAITING_LIMIT) {
        lose('the other side does not read');
        return false;
      }
      socket.write(withLength(frame), onSent);
      blocked = socket.writableLength > WAITING_MARK;
      return !blocked;
    },

    get waiting() {
      return state === 'over' || socket.destroyed ? 0 : socket.writableLength;
    },

    get blocked() {
      return blocked;
    },

    close() {
      if (state !== 'open') return;
      state = 'closing';
      arm(CLOSE_WAIT_MS, '');
      socket.end(LEAVE);
    },

    drop() {
      state = 'over';
      cancelTimer();
      socket.destroy();
    },
  };
}
