/** All crypto adapters against each other, on CPace's share and everything symmetric: see test/support/differential.ts. */
import { differentialTests } from '../../support/differential.js';

differentialTests((name) => !/^(kem|x25519)/.test(name));
