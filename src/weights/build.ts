/** Where a model build comes from and what is known about its files before anything is fetched. */
export interface BuildSource {
  /** Model and quantisation; the key of the build in the store. Letters, digits, ".", "_" and "-". */
  readonly id: string;
  /**
   * Absolute address of the folder with mlc-chat-config.json, tensor-cache.json and the tokenizer; ends in "/". Absent
   * where there is only a checkpoint to convert.
   */
  readonly weights?: string;
  /** Absolute address of the model library (.wasm). */
  readonly library: string;
  /** SHA-256 (hex) by file name, where the registry gives it. */
  readonly sha256?: Readonly<Record<string, string>>;
  /** Which version of the build this is. Left out, it follows from `sha256`. */
  readonly revision?: string;
}

/** One file that a start needs. */
export interface BuildFile {
  readonly name: string;
  /** Absolute address; empty in a build that was converted here. */
  readonly url: string;
  readonly nbytes: number;
  /** Hex digests; at least one of them is present once a file is stored. */
  readonly md5?: string;
  readonly sha256?: string;
}

/** A build whose files are all known: what the store keeps beside them. */
export interface Build {
  readonly id: string;
  readonly revision: string;
  readonly library: string;
  readonly files: readonly BuildFile[];
  /** True for a build that was converted in this browser: it cannot be fetched, and no newer one replaces it. */
  readonly converted?: boolean;
}

/** Names that the engine asks for and that every build has. */
export const CONFIG_FILE = 'mlc-chat-config.json';
export const TENSOR_CACHE_FILE = 'tensor-cache.json';

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** True for a plain file name: no folder, no address, nothing hidden. */
export function isPlainName(name: string): boolean {
  return SAFE_NAME.test(name) && !name.includes('..');
}

/** Size of all files of a build, in bytes. */
export function totalBytes(files: readonly BuildFile[]): number {
  return files.reduce((sum, { nbytes }) => sum + nbytes, 0);
}

/** A fixed short name for the version that a set of digests describes. */
export function revisionOf(source: BuildSource): string {
  if (source.revision !== undefined) return source.revision;
  const digests = Object.entries(source.sha256 ?? {})
    .map(([name, digest]) => `${name}:${digest.toLowerCase()}`)
    .sort();
  if (digests.length === 0) return 'main';
  // FNV-1a, 32 bits: tells versions of one model apart; the digests themselves guard the content.
  let hash = 0x811c9dc5;
  for (const char of digests.join('\n')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
