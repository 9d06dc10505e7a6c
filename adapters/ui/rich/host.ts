/**
 * The process around a terminal: its signals and its end. Nothing else of the process may be used by this UI.
 */
import type { Host } from './terminal.js';

export const processHost: Host = {
  on(event, listener) {
    process.on(event, listener);
    return () => void process.off(event, listener);
  },
  stop() {
    // 0: all that the shell started together, as the terminal does it; a shell script around us waits as well.
    if (process.platform !== 'win32') process.kill(0, 'SIGTSTP');
  },
};
