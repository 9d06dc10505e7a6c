/** All crypto adapters against each other, on X25519: see test/support/differential.ts. */
import { differentialTests } from '../../support/differential.js';

differentialTests((name) => name.startsWith('x25519'));
