/** An invitation link as a picture to scan, dark on light in every theme. How a QR code is made may not be in this file. */
import { PAGE_WORDS } from '../../words/page.js';
import { drawQr } from '../qr.js';
import { drawing } from './dom.js';

/** Light modules around the code, as the standard wants them. */
const QUIET_ZONE = 4;

/** Undefined for a link that is too long for one. */
export function qrPicture(link: Uint8Array): Element | undefined {
  return drawQr(link, QUIET_ZONE, (modules, size) => {
    const dark = modules.flatMap((row, y) =>
      row.flatMap((on, x) => (on ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [])),
    );
    return drawing(size, dark.join(''), PAGE_WORDS.waiting.qr);
  });
}
