// A thread of Node starts from JavaScript; from here on tsx makes it read TypeScript.
import { tsImport } from 'tsx/esm/api';

await tsImport('./thread.ts', import.meta.url);
