import { serveWeights } from '../../../src/weights/serve.ts';

// The real worker with less patience, so that giving up takes seconds and not minutes.
serveWeights(self, { attempts: 4, firstWait: 40, longestWait: 400, stall: 1500 });
