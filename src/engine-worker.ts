import { serveEngine } from './engine/worker.ts';

// The worker's composition root.
serveEngine(self);
