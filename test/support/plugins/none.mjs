/** A module that is no plugin. Tests only. */
export default { name: 'none' };
