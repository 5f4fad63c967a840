/** What is wrong with a checkpoint or with making a build of it. Sizes in bytes. */
const reasons = {
  // files and folders
  'no-config': 'The checkpoint has no such file.',
  'no-weights': ({ names }: { names: readonly string[] }) =>
    `No weights found: none of ${names.join(', ')} is there.`,
  'neither-config':
    'Among the chosen files is neither config.json (a checkpoint) nor mlc-chat-config.json (a model build).',
  'named-but-missing': ({ by }: { by: string }) => `The file is named in ${by} but is not there.`,
  'named-by-every-build': 'The file is named in every build but is not there.',
  'too-large': ({ size, limit }: { size: number; limit: number }) =>
    `The file has ${size} bytes, more than the ${limit} that such a file can sensibly have.`,
  'lfs-pointer': 'It is not the file itself but what Git LFS leaves in its place.',
  'not-json': 'The file is not valid JSON.',
  'not-an-object': 'The file does not hold a JSON object.',
  unreadable: ({ detail }: { detail: string }) => `It could not be read${detail && ` (${detail})`}.`,
  'not-opened': ({ detail }: { detail: string }) => `It cannot be opened (${detail}).`,
  'unreadable-folder': ({ detail }: { detail: string }) => `The folder cannot be read (${detail}).`,
  'ends-early': ({ missing }: { missing: number }) => `It ends ${missing} bytes too early.`,
  'other-fields': ({ detail }: { detail: string }) => `${detail}.`,
  'other-shape': ({ field, found, model, wanted }: OtherShape) =>
    `field "${field}" is ${found}, and ${model} has ${wanted}.`,
  'other-quantisation': ({ found, wanted }: { found: string; wanted: string }) =>
    `field "quantization" is ${found}, and the chosen build is ${wanted}.`,

  // network
  'whole-files-only': 'The server sends only whole files (it ignores Range requests).',
  'other-length-sent': ({ sent, asked }: { sent: number; asked: number }) =>
    `The server sent ${sent} bytes instead of ${asked}.`,
  'more-sent': ({ asked }: { asked: number }) => `The server sent more than the ${asked} bytes asked for.`,
  status: ({ status, of }: { status: number; of: string }) => `The server answered ${status} for ${of}.`,
  'login-wanted': ({ status, of }: { status: number; of: string }) =>
    `The server answered ${status} for ${of}: it wants a login, or its licence to be accepted.`,
  'connection-failed': 'The connection failed.',
  'no-repository-name': ({ name }: { name: string }) => `"${name}" is not the name of a repository.`,
  'no-file-list': 'The Hub did not answer with a list of files.',
  'no-repository': 'The Hub has no such repository, or it is private.',
  'hub-unreadable': ({ detail }: { detail: string }) => `The Hub could not be read (${detail}).`,

  // config.json
  'field-size': ({ field, value }: Field) =>
    `The field ${field} is ${value}; a positive whole number is needed.`,
  'field-positive': ({ field, value }: Field) =>
    `The field ${field} is ${value}; a positive number is needed.`,
  'field-other': ({ field, value, wanted }: Field & { wanted: string }) =>
    `The field ${field} is ${value}, not ${wanted}.`,
  'field-bias': ({ field }: { field: string }) =>
    `The field ${field} is true; MLC's LLaMA has no such weights.`,
  'quantised-already':
    'The field quantization_config says that the weights are quantised already; float weights are needed.',
  'not-a-multiple': ({ field, value, of, divisor }: Field & { of: string; divisor: number }) =>
    `${field} ${value} is not a multiple of ${of} ${divisor}.`,
  'rope-scaling': 'The field rope_scaling is not an object.',
  'rope-type': ({ value }: { value: string }) =>
    `The field rope_scaling.rope_type is ${value}; MLC knows "llama3" only.`,
  'vocabulary-too-large': ({ wanted, found }: { wanted: number; found: number }) =>
    `A vocabulary of ${wanted} is wanted, but the checkpoint has ${found} tokens.`,

  // tensors
  'tensor-missing': 'The model needs this tensor, but the checkpoint has none of that name.',
  'tensor-elsewhere': ({ index }: { index: string }) =>
    `${index} places the tensor in this file, but it is not in it.`,
  'tensor-without-file': 'weight_map does not name a file for it.',
  'weight-map': 'weight_map is missing or empty.',
  'mixed-formats': ({ parts }: { parts: readonly string[] }) =>
    `Its parts ${parts.join(', ')} mix F16 and BF16.`,
  'number-format': ({ dtype }: { dtype: string }) =>
    `Its number format is ${dtype}; F16, BF16 or F32 is needed.`,
  'tensor-shape': ({ found, wanted }: { found: readonly number[]; wanted: readonly number[] }) =>
    `Its shape is [${found.join(', ')}], but config.json asks for [${wanted.join(', ')}].`,
  'non-finite-cell': ({ row, column }: { row: number; column: number }) =>
    `It holds an infinity or NaN at row ${row}, column ${column}.`,
  'non-finite-element': ({ element }: { element: number }) =>
    `It holds an infinity or NaN at element ${element}.`,

  // safetensors
  'header-short': ({ size }: { size: number }) =>
    `The file has ${size} bytes, too few for a safetensors header.`,
  'header-beyond': ({ claimed, left }: { claimed: bigint; left: number }) =>
    `The header claims ${claimed} bytes, but only ${left} follow.`,
  'header-too-large': ({ claimed, limit }: { claimed: bigint; limit: number }) =>
    `The header claims ${claimed} bytes; more than ${limit} are not read.`,
  'header-other-length': ({ described, size }: { described: number; size: number }) =>
    `The header describes ${described} bytes, but the file has ${size}.`,
  'header-not-json': 'The header is not valid JSON.',
  'header-not-an-object': 'The header is not a JSON object.',
  'header-key-twice': ({ key }: { key: string }) => `The header has the key ${key} twice.`,
  'data-overlaps': 'Its data overlaps that of another tensor.',
  'data-gap': 'There is a gap before its data.',
  'entry-not-an-object': 'Its header entry is not an object.',
  'entry-format': ({ dtype }: { dtype: string }) => `Its number format ${dtype} is unknown.`,
  'entry-shape': 'Its shape is not a list of sizes.',
  'entry-offsets': 'Its data_offsets are not two positions.',
  'entry-outside': ({ begin, end }: { begin: number; end: number }) =>
    `Its data_offsets [${begin}, ${end}] lie outside the file.`,
  'entry-length': ({ shape, dtype, length }: { shape: readonly number[]; dtype: string; length: number }) =>
    `Its shape [${shape.join(', ')}] of ${dtype} doesn't fill its ${length} bytes.`,

  // PyTorch's files
  'no-pickle': 'The archive holds no data.pkl, or several.',
  'pickle-too-large': ({ size }: { size: number }) => `Its pickle of ${size} bytes is too large.`,
  'big-endian': 'Its numbers are not little-endian.',
  'storage-missing': ({ key }: { key: string }) => `The storage ${key} is missing.`,
  'storage-length': ({ key, found, wanted }: { key: string; found: number; wanted: number }) =>
    `The storage ${key} has ${found} bytes instead of ${wanted}.`,
  'storage-count': ({ key, found, wanted }: { key: string; found: bigint; wanted: number | undefined }) =>
    `The storage ${key} has ${found} elements instead of ${wanted}.`,
  'storages-missing': 'Its list of storages is missing.',
  'storage-unused': ({ key }: { key: string }) => `Its list of storages names ${key}, which no tensor uses.`,
  'storages-length': ({ found, size }: { found: number; size: number }) =>
    `Its storages take ${found} bytes, but the file has ${size}.`,
  'not-torch': 'It is neither of the two formats that PyTorch has written since 2018.',

  // the pickle in them
  'pickle-cut-off': 'The pickle is cut off.',
  'pickle-long-number': ({ length }: { length: number }) => `The pickle holds a number of ${length} bytes.`,
  'pickle-no-value': 'The pickle takes a value that is not there.',
  'pickle-no-list': 'The pickle takes a list that is not there.',
  'pickle-set-item': 'The pickle sets an item of something else than a dictionary.',
  'pickle-append': 'The pickle appends to something else than a list.',
  'pickle-name': ({ name }: { name: string }) => `The pickle names ${name}, which tensors don't need.`,
  'pickle-no-arguments': 'The pickle calls something without arguments.',
  'pickle-no-function': 'The pickle calls something that is not a function.',
  'pickle-set-attributes': 'The pickle sets attributes of something else than a dictionary.',
  'pickle-no-memo': 'The pickle refers to a value that is not there.',
  'pickle-version': 'The pickle is of an unknown version.',
  'pickle-no-name': 'The pickle names no name.',
  'pickle-instruction': ({ code, at }: { code: string; at: number }) =>
    `The pickle has the instruction ${code} at byte ${at}, which tensors don't need.`,
  'pickle-sizes': 'The pickle gives a tensor a shape or strides that are not sizes.',
  'pickle-no-storage': 'The pickle makes a tensor of something else than a storage.',
  'pickle-strides': 'The pickle gives a tensor fewer strides than sizes.',
  'pickle-beyond-storage': ({ key }: { key: string }) =>
    `The pickle makes a tensor that reaches beyond its storage ${key}.`,
  'pickle-no-tensor': 'The pickle makes a parameter of something else than a tensor.',
  'pickle-dictionary': 'The pickle fills a dictionary in an unknown way.',
  'pickle-outside': 'The pickle refers to something outside that is not a storage.',
  'pickle-view': ({ key }: { key: string }) => `The pickle views storage ${key} beyond its end.`,
  'pickle-not-a-dictionary': 'The pickle does not hold a dictionary of tensors.',
  'pickle-no-tensors': 'The dictionary in the pickle holds no tensors.',

  // the archive around it
  'archive-beyond': ({ position }: { position: number | bigint }) =>
    `The archive's directory names byte ${position}, beyond its end.`,
  'archive-end-64': "The archive's 64-bit end record is missing.",
  'archive-end': "The archive's end record is missing: the file is cut off.",
  'archive-too-large': ({ size }: { size: number }) =>
    `The archive's directory of ${size} bytes is too large.`,
  'archive-damaged': "The archive's directory is damaged.",
  'archive-name-twice': ({ name }: { name: string }) => `The archive has two entries named ${name}.`,
  'archive-encrypted': ({ name }: { name: string }) => `The entry ${name} is encrypted.`,
  'archive-compressed': ({ name }: { name: string }) =>
    `The entry ${name} is compressed, which weights never are and a trap may be.`,
  'archive-size-64': ({ name }: { name: string }) => `The entry ${name} lacks its 64-bit size.`,
  'archive-two-sizes': ({ name, stored, size }: { name: string; stored: number; size: number }) =>
    `The entry ${name} says two different sizes, ${stored} and ${size}.`,
  'archive-overlap': ({ name }: { name: string }) => `The entry ${name} overlaps what follows it.`,
  'archive-no-header': ({ name }: { name: string }) =>
    `The entry ${name} has no header where the directory says.`,
  'archive-entry-beyond': ({ name }: { name: string }) => `The entry ${name} reaches beyond the file's end.`,

  // tokenizer
  'no-tokenizer':
    'The checkpoint has neither this file nor tokenizer.model, so the model could not read any text.',
  'llama2-not-taken': ({ from }: { from: string }) =>
    `The checkpoint has neither this file nor tokenizer.model, and LLaMA-2's could not be taken from ${from}.`,
  'other-vocabulary': ({ vocabulary, wanted }: { vocabulary: number; wanted: number }) =>
    `Its vocabulary has ${vocabulary} entries instead of LLaMA-2's ${wanted}, so LLaMA-2's tokenizer does not fit.`,
  'other-entries': ({ found, wanted }: { found: number; wanted: number }) =>
    `What lies there is not LLaMA-2's: its vocabulary has ${found} entries instead of ${wanted}.`,
  'other-id': ({ token, id }: { token: string; id: number }) =>
    `What lies there is not LLaMA-2's: it has no token ${token} with the id ${id}.`,
  'token-id': ({ token, id, vocabulary }: { token: string; id: number; vocabulary: number }) =>
    `The token ${token} has the id ${id}, but the vocabulary has ${vocabulary} entries.`,
  'no-tokens': 'It holds no tokens.',
  'cut-off': 'The file is cut off or damaged.',
  'not-sentencepiece': 'The file is not a SentencePiece model.',
  'no-pieces': 'The file holds no pieces.',
  'not-bpe': "The file's model is not byte-pair encoding, which LLaMA's is.",
  'no-special-pieces': "The file lacks LLaMA's special pieces <unk> and <s>.",
  'piece-twice': 'The file holds a piece twice.',

  // a finished build that is taken over
  'no-shards': 'It lists no shards.',
  'not-a-shard': 'It lists something that is not a shard.',
  'announced-length': ({ size, announced }: { size: number; announced: string }) =>
    `The file has ${size} bytes instead of the ${announced} announced.`,
  'no-tokenizer-files': 'It names no tokenizer files.',
  'other-md5': ({ found, announced }: { found: string; announced: string }) =>
    `The file is damaged: its MD5 is ${found} instead of ${announced}.`,

  // the command line
  usage: ({ detail }: { detail: string }) => detail,
  'folder-not-empty': ({ files }: { files: number }) => `The folder holds ${files} file(s) already.`,
  'disk-too-small': ({ needed, free }: { needed: number; free: number }) =>
    `The build needs ${needed} more bytes, but only ${free} are free.`,
  'disk-full': 'There is no space left on the disk.',
  'write-failed': ({ detail }: { detail: string }) => `Writing failed: ${detail}.`,
};

/** A field of config.json and its value as it stands there. */
interface Field {
  readonly field: string;
  readonly value: string | number;
}

interface OtherShape {
  readonly field: string;
  readonly found: number;
  readonly model: string;
  readonly wanted: number;
}

/** What the person can do about it. */
const next = {
  'choose-checkpoint': 'Choose the folder or repository that holds config.json and the weight files.',
  'choose-folder': 'Choose the folder that holds it, or all of its files.',
  'choose-whole-build': 'Choose the whole folder of the build.',
  'choose-fitting-files':
    'Choose the files of this model and build, or the model that these files belong to.',
  'choose-vocabulary': 'Choose a vocabulary no larger than that, or none.',
  'download-whole': 'Download the checkpoint again, whole.',
  'download-whole-and-check':
    'Download the checkpoint again, whole, and check that config.json belongs to it.',
  'download-again': 'Download the file again.',
  'fetch-with-lfs': 'Fetch it with "git lfs pull", or download it from the page of the repository.',
  'download-or-save-again': 'Download or save it again.',
  'download-or-ask': 'The checkpoint is damaged: download it again, or ask its publisher.',
  'download-header-again': 'The file is damaged or incomplete: download it again.',
  'save-with-torch':
    'The file is damaged or not what PyTorch writes: download it again, or save it again with torch.save.',
  'use-safetensors': 'Use the safetensors files of the model, or a file from a source you trust.',
  'one-number-format': 'Save the checkpoint in one number format.',
  'check-config': 'Check that config.json belongs to these weights and that they are whole.',
  'check-files': 'Check that the checkpoint is complete and its files are not mixed up.',
  'check-not-moved': 'Check that it was not moved or changed meanwhile, and start again.',
  'check-repository': 'Check the name of the repository.',
  'check-connection': 'Check the address and the connection, and start again: finished shards are kept.',
  'download-yourself':
    'Download the files yourself and choose their folder; the command line can log in with HF_TOKEN.',
  'owner-and-name': 'Write it as owner/name.',
  'llama-only': 'Only LLaMA checkpoints (LlamaForCausalLM) can be converted.',
  'base-tokenizer': "Put the tokenizer.json of the model's base beside config.json and convert again.",
  'llama2-tokenizer':
    "Put the tokenizer.json of its base model (LLaMA-2 for MetaAligner) beside config.json and choose that folder, or convert it with the command line, which brings LLaMA-2's.",
  'own-tokenizer': 'Use the tokenizer.json that belongs to this model.',
  'copy-whole': 'Copy or convert the build again, whole.',

  'see-help': 'See npm run convert -- --help.',
  'other-folder': 'Choose another folder, or add --force to replace the build in it (other files stay).',
  'free-disk': 'Free some space or choose another disk, and start again: finished shards are kept.',
  'check-folder': 'Check the folder and its permissions.',
  'check-permissions': 'Check the file and its permissions, and start again.',
  'check-hub': 'Check the name and the connection (HF_TOKEN for private ones), and start again.',
};

/** What a conversion does that the person should know; it goes on. */
const warnings = {
  'prefill-chunk': ({ tokens }: { tokens: number }) =>
    `A prefill chunk cannot be larger than the context window: ${tokens} tokens are used.`,
  'tokenizer-made': 'The checkpoint has no tokenizer.json: it is made from tokenizer.model.',
  'no-tokenizer':
    'The checkpoint has no tokenizer.json, so the build cannot run yet: put that of its base model (LLaMA-2 for MetaAligner) beside config.json and convert again.',
  'llama2-tokenizer': ({ from }: { from: string }) =>
    `The checkpoint has no tokenizer: LLaMA-2's is taken from ${from}. It fits models made from LLaMA-2 or TinyLlama, as MetaAligner's are.`,
  'tokens-dropped': ({ tokens }: { tokens: readonly string[] }) =>
    `tokenizer.json: the tokens beyond the vocabulary are taken out: ${tokens.join(', ')}.`,
  'vocabulary-cut': ({ from, to }: { from: number; to: number }) =>
    `The vocabulary of ${from} tokens is cut to ${to}, to which the model libraries are compiled.`,
  'tensors-left-out': ({ count, first }: { count: number; first: readonly string[] }) =>
    `${count} tensor(s) that LLaMA does not have are left out: ${first.join(', ')}.`,
  'rows-cut': ({ tensor, cut, rows }: { tensor: string; cut: number; rows: number }) =>
    `${tensor}: the last ${cut} of ${rows + cut} rows are cut, to a vocabulary of ${rows}.`,
  'rope-scaling': ({ file }: { file: string }) =>
    `${file}: rope_scaling without rope_type is not known to MLC and left out.`,
  overflow: ({ tensor, count, format }: { tensor: string; count: number; format: string }) =>
    `${tensor}: ${count} value(s) are too large for ${format} and became infinite.`,
};

/** Whatever can go wrong while a build is made or taken over. */
export const conversionEn = {
  tensor: (name: string) => `tensor ${name}`,
  reasons,
  next,
  warnings,
};
