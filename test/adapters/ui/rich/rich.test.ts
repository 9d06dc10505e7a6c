/** The rich UI: the contract, and what it shows and takes, as a terminal draws it. */
import { test } from 'vitest';
import { createRichUi } from '../../../../adapters/ui/rich/rich.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';
import { uiContract } from '../../../../plugins/testing/ui.js';
import { createFakeHost } from '../../../support/rich.js';

for (const unicode of [true, false]) {
  uiContract({
    name: unicode ? 'rich' : 'rich in ASCII',
    test,
    create: (context) => createRichUi({}, context, { host: createFakeHost(), unicode }),
    sanitize,
    terminal: true,
    newestOnly: true,

    withoutOwnControls: (written) => written.replaceAll(/\x1b(\[[?\d;]*[A-Za-z]|[78])/g, ''),
  });
}
