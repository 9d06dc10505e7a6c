/** The page in Firefox against the real program: it meets, both talk, a cut does no harm, and it leaves. */
import { afterEach, expect, it } from 'vitest';
import { pageOf } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { type Firefox, hasFirefox, startFirefox } from '../support/firefox.js';
import { killAll, start } from '../support/program.js';
import { startRelayProcess } from '../support/relay.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

let firefox: Firefox | undefined;
afterEach(async () => {
  killAll();
  await firefox?.close();
});

const CLICK = (name: string) =>
  `[...document.querySelectorAll('button')].find((each) => each.textContent === '${name}').click()`;

it.skipIf(DEPTH === 'quick' || !hasFirefox('the page in Firefox'))('the page in Firefox', async () => {
  const relay = await startRelayProcess(['--port', '0', '--page']);
  const proxy = await startTcpProxy(() => Number(relay.url.port));
  firefox = await startFirefox();
  const program = start(['--ui', 'json', '--relay', relay.url.href, '--web']);
  const { code } = (await program.event('code')) as unknown as { code: string };
  await firefox.open(`${pageOf(proxy.url)}#${code}`);
  expect(await firefox.evaluate('location.href')).toBe(pageOf(proxy.url));
  await firefox.evaluate(CLICK('Join'));
  await firefox.until(`document.querySelector('#status').textContent.startsWith('End-to-end encrypted')`);
  // WebAssembly runs under the policy of the page.
  expect(await firefox.evaluate(`document.body.textContent.includes('SC-368')`)).toBe(false);

  const send = (text: string) =>
    firefox?.evaluate(`document.querySelector('#message').value = '${text}'; ${CLICK('Send')}`);
  await send('from Firefox');
  await program.event('message', ({ text }) => text === 'from Firefox');
  program.command({ do: 'send', text: '<b>to</b> Firefox' });
  await firefox.until(`document.querySelector('.row.peer .text')?.textContent === '<b>to</b> Firefox'`);
  proxy.cut();
  await send('after a cut');
  await program.event('message', ({ text }) => text === 'after a cut');
  await firefox.evaluate(CLICK('Leave'));
  expect(await program.exit).toBe(0);
  await firefox.until(`document.querySelector('#ended') !== null`);
  expect(await firefox.evaluate('document.cookie + localStorage.length + sessionStorage.length')).toBe('00');
  await proxy.close();
  await relay.stop();
});
