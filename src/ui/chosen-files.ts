/** A file with its path inside the folder that the person chose. */
export interface ChosenFile {
  readonly path: string;
  readonly file: File;
}

/** Folders inside folders are followed this far: a checkpoint's files lie side by side. */
const DEEPEST = 3;

export function fromInput({ files }: HTMLInputElement): ChosenFile[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Files and folders that were dropped; to be called while the event is handled. */
export async function fromDrop(items: DataTransferItemList): Promise<ChosenFile[]> {
  // The list is empty as soon as the event is over.
  const dropped = [...items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: ChosenFile[] = [];
  for (const { entry, file } of dropped) {
    if (entry) await collect(entry, found, 0);
    else if (file) found.push({ path: file.name, file });
  }
  return found;
}

/** True where the browser opens a folder without the words "upload to this site", which are wrong here. */
export const canPickFolders = 'showDirectoryPicker' in globalThis;

/** @returns undefined when the person chose none */
export async function pickFolder(mode: 'read' | 'readwrite'): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (globalThis as unknown as FolderPicker).showDirectoryPicker({ mode });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

export async function fromFolder(
  folder: FileSystemDirectoryHandle,
  path = '',
  depth = 0,
): Promise<ChosenFile[]> {
  const found: ChosenFile[] = [];
  for await (const handle of (folder as unknown as FolderContent).values()) {
    if (handle.kind === 'file')
      found.push({ path: path + handle.name, file: await (handle as FileSystemFileHandle).getFile() });
    else if (depth < DEEPEST)
      found.push(
        ...(await fromFolder(handle as FileSystemDirectoryHandle, `${path}${handle.name}/`, depth + 1)),
      );
  }
  return found;
}

async function collect(entry: FileSystemEntry, found: ChosenFile[], depth: number): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    found.push({ path: entry.fullPath.slice(1), file });
    return;
  }
  if (depth > DEEPEST) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader hands out a hundred at a time, and none when it is done.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return;
    for (const child of some) await collect(child, found, depth + 1);
  }
}

/** What TypeScript's library does not know yet. */
interface FolderPicker {
  showDirectoryPicker(options: { mode: 'read' | 'readwrite' }): Promise<FileSystemDirectoryHandle>;
}
interface FolderContent {
  values(): AsyncIterable<FileSystemHandle>;
}
