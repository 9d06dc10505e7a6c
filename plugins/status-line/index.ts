/**
 * A UI for the status bar of a terminal or a desktop: one line on stdout for each change, the newest one counts. Made to
 * be copied. This file is the plugin and its flag; what is shown is status.ts, how it is written newest.ts, what is read
 * commands.ts.
 */
import { definePlugin } from 'securechat/plugin';
import { createStatusLine } from './status.js';

export default definePlugin({
  name: 'status-line',
  api: { major: 1, minor: 0 },
  uis: {
    'status-line': {
      description: 'one line for a status bar: the state and how much is unread',
      flags: { 'status-text': { description: 'show who wrote last, and what' } },
      create: (options, context) => createStatusLine({ text: options['status-text'] === true }, context),
    },
  },
});
