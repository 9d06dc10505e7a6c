/** A plugin that does not survive its own first line. Tests only. */
throw new Error('no luck \x1b]0;owned\x07');
