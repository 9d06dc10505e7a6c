/** All crypto adapters against each other, on ML-KEM: see test/support/differential.ts. */
import { differentialTests } from '../../support/differential.js';

differentialTests((name) => name.startsWith('kem'));
