import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { conversionEn } from '../src/domain/texts/conversion.en.ts';
import { write } from '../src/domain/texts/told.ts';
import { ConversionError } from '../src/weights/checkpoint/errors.ts';
import { convert } from '../src/weights/convert/convert.ts';
import { isQuantisation, QUANTISATIONS } from '../src/weights/convert/quantisation.ts';
import type { ConversionOptions } from '../src/weights/convert/plan.ts';
import { openFolder, type OpenFolder } from './convert/folder-source.ts';
import { FolderSink } from './convert/folder-sink.ts';
import { openHubRepository } from './convert/hub-source.ts';
import { bundledTokenizer } from './convert/llama2-tokenizer.ts';
import { startThreads } from './convert/threads.ts';

const HELP = `Turns a published LLaMA checkpoint into a model build that the page can run.

  npm run convert -- <folder or Hub repository> --quantization <name> --output <folder> [options]

  <folder or repository>   a folder with config.json and weights (safetensors or PyTorch .bin), or a repository on the
                           Hugging Face Hub such as MetaAligner/MetaAligner-UltraFeedback-1.1B
  --quantization <name>    ${Object.keys(QUANTISATIONS).join(', ')}
  --output <folder>        where the build goes; must be empty or new
  --force                  replace a build that is in the output folder; other files in it stay
  --context-window-size N  tokens; default: the checkpoint's own
  --prefill-chunk-size N   tokens; default: the context window, at most 8192
  --max-batch-size N       sequences; default 128
  --vocab-size N           keep the first N tokens; default: the checkpoint's own, or 32000 where it adds up to 64 rows
                           to LLaMA-2's 32000 (the prebuilt model libraries take no more)
  --shard-cap-bytes N      bytes a file; default 33554432
  --threads N              default: one for each core, at most 8
  --help                   this text

An interrupted run goes on where it stood when it is started again with the same arguments.
HF_ENDPOINT and HF_TOKEN choose another Hub and give access to private repositories.`;

const OPTIONS = {
  quantization: { type: 'string' },
  output: { type: 'string' },
  force: { type: 'boolean', default: false },
  'context-window-size': { type: 'string' },
  'prefill-chunk-size': { type: 'string' },
  'max-batch-size': { type: 'string' },
  'vocab-size': { type: 'string' },
  'shard-cap-bytes': { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function usage(detail: string): ConversionError {
  return new ConversionError('bad-option', { reason: { says: 'usage', detail }, next: 'see-help' });
}

interface Job {
  from: string;
  output: string;
  force: boolean;
  threads: number | undefined;
  options: ConversionOptions;
}

function readArguments(): Job | undefined {
  let parsed;
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message.replace(/\.?$/, '.') : String(cause));
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const count = (name: keyof typeof OPTIONS): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < 1)
      throw usage(`--${name} ${text} is not a positive whole number.`);
    return number;
  };
  const [from, ...rest] = positionals;
  if (from === undefined || rest.length > 0) throw usage('Name one folder or repository to convert.');
  const { quantization, output } = values;
  if (output === undefined) throw usage('--output is missing.');
  if (quantization === undefined) throw usage('--quantization is missing.');
  if (!isQuantisation(quantization)) {
    throw usage(`--quantization ${quantization} is not one of ${Object.keys(QUANTISATIONS).join(', ')}.`);
  }
  return {
    from,
    output,
    force: values.force,
    threads: count('threads'),
    options: {
      quantisation: quantization,
      contextWindowSize: count('context-window-size'),
      prefillChunkSize: count('prefill-chunk-size'),
      maxBatchSize: count('max-batch-size'),
      vocabSize: count('vocab-size'),
      shardCap: count('shard-cap-bytes'),
    },
  };
}

async function openSource(from: string, signal: AbortSignal): Promise<OpenFolder> {
  const folder = await stat(from).catch(() => undefined);
  if (folder?.isDirectory()) return openFolder(from);
  if (!folder && /^[\w.-]+\/[\w.-]+$/.test(from)) return openHubRepository(from, signal);
  throw usage(`${from} is neither a folder nor the name of a Hub repository.`);
}

async function run(job: Job): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort(new Error('Stopped. Finished shards are kept: the same command goes on from there.'));
  });
  const opened = await openSource(job.from, stop.signal);
  const pool = startThreads(job.threads);
  // On a terminal the bar is redrawn in place; elsewhere (a log) it prints a line now and then.
  const bar = new SingleBar({
    format:
      '{bar} {percentage}% | {value} of {total} MB | {shards} of {totalShards} files | {eta_formatted} left | {parameter}',
    noTTYOutput: true,
    notTTYSchedule: 5000,
    hideCursor: true,
  });
  const warnings: string[] = [];
  const started = performance.now();
  try {
    const summary = await convert(opened.source, new FolderSink(job.output, job.force), job.options, {
      pool,
      signal: stop.signal,
      fallbackTokenizer: bundledTokenizer,
      onWarning: (warning) => warnings.push(write(conversionEn.warnings, warning)),
      onProgress({ readBytes, totalBytes, shards, totalShards, parameter }) {
        const payload = { shards, totalShards, parameter };
        if (!bar.isActive) bar.start(Math.ceil(totalBytes / 1e6), 0, payload);
        bar.update(Math.ceil(readBytes / 1e6), payload);
      },
    });
    bar.stop();
    for (const warning of warnings) console.error(`Note: ${warning}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const resumed =
      summary.resumedShards > 0 ? `, ${summary.resumedShards} of them from the interrupted run` : '';
    console.log(
      `${job.output}: ${summary.shards} shard(s)${resumed}, ${(summary.nbytes / 1e6).toFixed(1)} MB in ${seconds} s.`,
    );
  } finally {
    bar.stop();
    await pool.close();
    await opened.close();
  }
}

try {
  const job = readArguments();
  if (job) await run(job);
  else console.log(HELP);
} catch (error) {
  // One line, not a stack: it is for the person who typed the command.
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
