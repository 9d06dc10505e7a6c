/**
 * Files and folders that are dropped anywhere on the page: a browser would open them in its place. What becomes of them may
 * not be in this file.
 */
import { PAGE_WORDS } from '../../words/page.js';
import { dropped, picked } from '../../web/folders.js';
import type { Chosen } from '../../web/shelf.js';
import { make, show } from './dom.js';

export function takeDrops(
  target: HTMLElement,
  ready: () => boolean,
  take: (chosen: readonly Chosen[] | Promise<readonly Chosen[]>) => void,
): void {
  const veil = make('div', { class: 'veil', hidden: true, 'aria-hidden': 'true' }, PAGE_WORDS.chat.drop);
  target.append(veil);
  let depth = 0;
  const over = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  target.addEventListener('dragenter', (event) => {
    if (!over(event)) return;
    depth += 1;
    show(veil, ready());
  });
  target.addEventListener('dragleave', (event) => {
    if (!over(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(veil, false);
  });
  target.addEventListener('dragover', (event) => {
    if (over(event)) event.preventDefault();
  });
  target.addEventListener('drop', (event) => {
    if (!over(event)) return;
    event.preventDefault();
    depth = 0;
    show(veil, false);
    const { files, items } = event.dataTransfer ?? { files: [], items: [] };
    // Only now: afterwards a browser gives nothing away of what was dropped.
    const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
    if (!ready() || files.length === 0) return;
    take(entries.some(({ isDirectory }) => isDirectory) ? dropped(entries) : picked([...files]));
  });
}
