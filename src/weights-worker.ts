import { serveWeights } from './weights/serve.ts';

// The worker's composition root.
serveWeights(self);
