import { mount } from 'svelte';
import './app.css';
import registry from '../model-config/models.json';
import { FAMILIES, type Family } from './domain/families.ts';
import { EngineClient } from './engine/client.ts';
import { readDevice } from './engine/device.ts';
import engineWorkerUrl from './engine-worker.ts?worker&url';
import { confinedScriptUrl, trustedScriptUrl } from './own-scripts.ts';
import { Aligner } from './state/aligner.ts';
import { Alignment } from './state/alignment.svelte.ts';
import { followAppearance } from './state/appearance.svelte.ts';
import { Batch } from './state/batch.svelte.ts';
import { Comparison } from './state/comparison.svelte.ts';
import { History } from './state/history.svelte.ts';
import { Keeping } from './state/keeping.svelte.ts';
import { followLinks } from './state/link-follower.svelte.ts';
import { ModelChoice } from './state/model-choice.svelte.ts';
import { ModelRegistry } from './state/model-registry.svelte.ts';
import { ModelState } from './state/model.svelte.ts';
import { ModelShelf } from './state/models.svelte.ts';
import { ObjectiveChoice, ObjectiveList } from './state/objectives.svelte.ts';
import { Persistence } from './state/persistence.svelte.ts';
import { readSelfCheck, writeSelfCheck } from './storage/self-checks.ts';
import { Settings } from './state/settings.svelte.ts';
import { Shell } from './state/shell.svelte.ts';
import { View } from './state/view.svelte.ts';
import App from './ui/App.svelte';
import { WeightClient } from './weights/client.ts';
import { runConversion } from './weights/convert/client.ts';
import conversionWorkerUrl from './weights/convert/worker.ts?worker&url';
import { openBuildFiles } from './weights/export-build.ts';
import { BuildStore } from './weights/store.ts';
import weightsWorkerUrl from './weights-worker.ts?worker&url';

/** Folder of the published model libraries; see vite.config.ts. */
declare const PREBUILT_LIBRARIES: string;

// The composition root: makes the parts and hands each what it needs.
// The engine reads what people paste, so it may talk to no other host than the page may.
const engineScript = confinedScriptUrl(engineWorkerUrl);
const engine = new EngineClient(
  () => new Worker(engineScript, { type: 'module' }),
  (error) => {
    model.lost(error);
  },
);
const weights = new WeightClient(new Worker(trustedScriptUrl(weightsWorkerUrl), { type: 'module' }));
const keeping = new Keeping();
const models = new ModelRegistry(registry, PREBUILT_LIBRARIES, keeping, weights);
const choice = new ModelChoice(keeping, readDevice);
const settings = new Settings();
const persistence = new Persistence(keeping, settings);
const lastModel = await persistence.restoreSettings();
followAppearance(settings, document.documentElement);
await Promise.all([models.restore(), choice.restore()]);
const asked = new URLSearchParams(location.search).get('model');
const model = new ModelState(models, choice, asked ?? lastModel ?? null, engine, weights, {
  read: (buildId) => keeping.attempt(() => readSelfCheck(buildId), undefined),
  write: (buildId, check) =>
    keeping.attempt(
      () => writeSelfCheck(buildId, { ...check, costs: check.costs.map(([tokens, ms]) => [tokens, ms]) }),
      undefined,
    ),
});
const history = new History(keeping, settings);
const aligner = new Aligner(engine, model);
const objectiveList = new ObjectiveList();
const family = (): Family => FAMILIES[settings.family ?? model.chosen.family];
const alignment = new Alignment(
  engine,
  aligner,
  model,
  settings,
  new ObjectiveChoice(objectiveList, family),
  (record) => void history.add(record),
);
await persistence.restoreObjectives(objectiveList);
await persistence.restoreDraft(alignment);
await followLinks(alignment);
const comparison = new Comparison(aligner, alignment, model, settings, (record) => void history.add(record));
const batch = new Batch({
  aligner,
  model,
  settings,
  keeping,
  choice: new ObjectiveChoice(objectiveList, family),
  desk: alignment.objectives,
  locks: navigator.locks,
});
void history.restore();
void batch.restore();
persistence.watch(alignment, model);

const buildStore = new BuildStore();
const shelf = new ModelShelf(models, choice, {
  weights,
  convert: (job, listeners) =>
    runConversion(
      () => new Worker(trustedScriptUrl(conversionWorkerUrl), { type: 'module' }),
      job,
      listeners,
    ),
  // Between two answers of a batch or a comparison the engine rests, but not for long.
  unload: (id) => !(alignment.busy || comparison.busy || batch.busy) && model.unload(id),
  openFiles: (id) => openBuildFiles(buildStore, id),
});
// Neither is waited for: the page works with what it knows, and shows more when it comes.
void models.readHost();
void choice.probe();
const shell = new Shell();

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with id "app".');
mount(App, {
  target,
  props: { view: new View(), model, settings, alignment, comparison, batch, history, keeping, shelf, shell },
});

// Without it the page works all the same, only not without a network. Vite's development server has no service worker.
void shell
  .register(
    import.meta.env.PROD ? trustedScriptUrl(new URL('sw.js', document.baseURI).href) : undefined,
    'serviceWorker' in navigator ? navigator.serviceWorker : undefined,
  )
  .catch((error: unknown) => {
    console.warn('The page cannot be kept for offline use:', error);
  });
