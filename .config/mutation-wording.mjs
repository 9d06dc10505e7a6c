/**
 * What the mutation run leaves alone (`npm run mutation`): strings on which no behavior rests. They are the text of an error
 * that names the rule which was broken (a test of it would be the same text again), and the name of a kind of key, an
 * argument for the compiler that is thrown away. No label that goes into a hash may be left alone here.
 */

const isText = ({ type }) => type === 'StringLiteral' || type === 'TemplateLiteral';

const isRule = ({ node, parent }) =>
  isText(node) &&
  parent?.type === 'NewExpression' &&
  (parent.callee.name === 'RemoteProtocolError' || parent.callee.name === 'LocalProtocolError');

/** The third argument of derive() in core/protocol/keys.ts. */
const isKindOfKey = ({ node, parent }) =>
  isText(node) && parent?.type === 'CallExpression' && parent.callee.name === 'derive' && parent.arguments[2] === node;

export const wording = {
  shouldIgnore(path) {
    if (isRule(path)) return 'the name of the rule that was broken';
    if (isKindOfKey(path)) return 'the kind of a key, for the compiler';
    return undefined;
  },
};
