/** A plugin for a later version of the interface. Tests only. */
import { definePlugin } from 'securechat/plugin';

export default definePlugin({ name: 'newer', api: { major: 2, minor: 0 } });
