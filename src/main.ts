import { mount } from 'svelte';
import './app.css';
import registry from '../model-config/models.json';
import { readRegistry } from './domain/models.ts';
import { EngineClient } from './engine/client.ts';
import engineWorkerUrl from './engine-worker.ts?worker&url';
import { Aligner } from './state/aligner.ts';
import { Alignment } from './state/alignment.svelte.ts';
import { ModelState } from './state/model.svelte.ts';
import { Settings } from './state/settings.svelte.ts';
import { View } from './state/view.svelte.ts';
import { trustedScriptUrl } from './trusted-script-url.ts';
import App from './ui/App.svelte';

// The composition root: makes the parts and hands each what it needs.
const engine = new EngineClient(
  () => new Worker(trustedScriptUrl(engineWorkerUrl), { type: 'module' }),
  (error) => {
    model.lost(error);
  },
);
const { models } = readRegistry(registry);
const model = new ModelState(models, new URLSearchParams(location.search).get('model'), engine);
const settings = new Settings();
const alignment = new Alignment(engine, new Aligner(engine, model), model, settings);

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with id "app".');
mount(App, { target, props: { view: new View(), model, settings, alignment } });
