import type { conversionEn } from './conversion.en.ts';

const reasons: typeof conversionEn.reasons = {
  'no-config': 'Der Checkpoint hat diese Datei nicht.',
  'no-weights': ({ names }) => `Keine Gewichte gefunden: Keine der Dateien ${names.join(', ')} ist da.`,
  'neither-config':
    'Unter den gewählten Dateien ist weder config.json (ein Checkpoint) noch mlc-chat-config.json (ein Modell-Build).',
  'named-but-missing': ({ by }) => `Die Datei wird in ${by} genannt, ist aber nicht da.`,
  'named-by-every-build': 'Die Datei gehört zu jedem Build, ist aber nicht da.',
  'too-large': ({ size, limit }) =>
    `Die Datei hat ${size} Bytes, mehr als die ${limit}, die so eine Datei sinnvollerweise haben kann.`,
  'lfs-pointer': 'Sie ist nicht die Datei selbst, sondern was Git LFS an ihrer Stelle lässt.',
  'not-json': 'Die Datei ist kein gültiges JSON.',
  'not-an-object': 'Die Datei enthält kein JSON-Objekt.',
  unreadable: ({ detail }) => `Sie konnte nicht gelesen werden${detail && ` (${detail})`}.`,
  'not-opened': ({ detail }) => `Sie lässt sich nicht öffnen (${detail}).`,
  'unreadable-folder': ({ detail }) => `Der Ordner lässt sich nicht lesen (${detail}).`,
  'ends-early': ({ missing }) => `Sie endet ${missing} Bytes zu früh.`,
  'other-fields': ({ detail }) => `Das passt nicht: ${detail}.`,
  'other-shape': ({ field, found, model, wanted }) =>
    `Das Feld „${field}“ ist ${found}, und ${model} hat ${wanted}.`,
  'other-quantisation': ({ found, wanted }) =>
    `Das Feld „quantization“ ist ${found}, und der gewählte Build ist ${wanted}.`,

  'whole-files-only': 'Der Server schickt nur ganze Dateien (er übergeht Range-Anfragen).',
  'other-length-sent': ({ sent, asked }) => `Der Server hat ${sent} Bytes statt ${asked} geschickt.`,
  'more-sent': ({ asked }) => `Der Server hat mehr als die verlangten ${asked} Bytes geschickt.`,
  status: ({ status, of }) => `Der Server hat für ${of} mit ${status} geantwortet.`,
  'login-wanted': ({ status, of }) =>
    `Der Server hat für ${of} mit ${status} geantwortet: Er verlangt eine Anmeldung oder die Annahme seiner Lizenz.`,
  'connection-failed': 'Die Verbindung ist gescheitert.',
  'no-repository-name': ({ name }) => `„${name}“ ist nicht der Name eines Repositorys.`,
  'no-file-list': 'Der Hub hat nicht mit einer Liste von Dateien geantwortet.',
  'no-repository': 'Der Hub hat kein solches Repository, oder es ist privat.',
  'hub-unreadable': ({ detail }) => `Der Hub konnte nicht gelesen werden (${detail}).`,

  'field-size': ({ field, value }) =>
    `Das Feld ${field} ist ${value}; es muss eine positive ganze Zahl sein.`,
  'field-positive': ({ field, value }) => `Das Feld ${field} ist ${value}; es muss eine positive Zahl sein.`,
  'field-other': ({ field, value, wanted }) => `Das Feld ${field} ist ${value}, nicht ${wanted}.`,
  'field-bias': ({ field }) => `Das Feld ${field} ist true; das LLaMA von MLC hat keine solchen Gewichte.`,
  'quantised-already':
    'Das Feld quantization_config sagt, dass die Gewichte schon quantisiert sind; gebraucht werden Gleitkommagewichte.',
  'not-a-multiple': ({ field, value, of, divisor }) =>
    `${field} ${value} ist kein Vielfaches von ${of} ${divisor}.`,
  'rope-scaling': 'Das Feld rope_scaling ist kein Objekt.',
  'rope-type': ({ value }) => `Das Feld rope_scaling.rope_type ist ${value}; MLC kennt nur "llama3".`,
  'vocabulary-too-large': ({ wanted, found }) =>
    `Verlangt ist ein Vokabular von ${wanted}, der Checkpoint hat aber ${found} Token.`,

  'tensor-missing': 'Das Modell braucht diesen Tensor, der Checkpoint hat aber keinen dieses Namens.',
  'tensor-elsewhere': ({ index }) =>
    `Nach ${index} liegt der Tensor in dieser Datei, er ist aber nicht darin.`,
  'tensor-without-file': 'weight_map nennt keine Datei dafür.',
  'weight-map': 'weight_map fehlt oder ist leer.',
  'mixed-formats': ({ parts }) => `Seine Teile ${parts.join(', ')} mischen F16 und BF16.`,
  'number-format': ({ dtype }) => `Sein Zahlenformat ist ${dtype}; gebraucht wird F16, BF16 oder F32.`,
  'tensor-shape': ({ found, wanted }) =>
    `Seine Form ist [${found.join(', ')}], config.json verlangt aber [${wanted.join(', ')}].`,
  'non-finite-cell': ({ row, column }) => `Er enthält in Zeile ${row}, Spalte ${column} unendlich oder NaN.`,
  'non-finite-element': ({ element }) => `Er enthält als Element ${element} unendlich oder NaN.`,

  'header-short': ({ size }) => `Die Datei hat ${size} Bytes, zu wenige für einen safetensors-Kopf.`,
  'header-beyond': ({ claimed, left }) =>
    `Der Kopf soll ${claimed} Bytes lang sein, es folgen aber nur ${left}.`,
  'header-too-large': ({ claimed, limit }) =>
    `Der Kopf soll ${claimed} Bytes lang sein; mehr als ${limit} werden nicht gelesen.`,
  'header-other-length': ({ described, size }) =>
    `Der Kopf beschreibt ${described} Bytes, die Datei hat aber ${size}.`,
  'header-not-json': 'Der Kopf ist kein gültiges JSON.',
  'header-not-an-object': 'Der Kopf ist kein JSON-Objekt.',
  'header-key-twice': ({ key }) => `Der Kopf hat den Schlüssel ${key} zweimal.`,
  'data-overlaps': 'Seine Daten überlappen die eines anderen Tensors.',
  'data-gap': 'Vor seinen Daten ist eine Lücke.',
  'entry-not-an-object': 'Sein Eintrag im Kopf ist kein Objekt.',
  'entry-format': ({ dtype }) => `Sein Zahlenformat ${dtype} ist unbekannt.`,
  'entry-shape': 'Seine Form ist keine Liste von Größen.',
  'entry-offsets': 'Seine data_offsets sind nicht zwei Positionen.',
  'entry-outside': ({ begin, end }) => `Seine data_offsets [${begin}, ${end}] liegen außerhalb der Datei.`,
  'entry-length': ({ shape, dtype, length }) =>
    `Seine Form [${shape.join(', ')}] in ${dtype} füllt seine ${length} Bytes nicht.`,

  'no-pickle': 'Das Archiv enthält keine data.pkl oder mehrere.',
  'pickle-too-large': ({ size }) => `Ihr Pickle ist mit ${size} Bytes zu groß.`,
  'big-endian': 'Ihre Zahlen sind nicht little-endian.',
  'storage-missing': ({ key }) => `Der Speicherblock ${key} fehlt.`,
  'storage-length': ({ key, found, wanted }) =>
    `Der Speicherblock ${key} hat ${found} Bytes statt ${wanted}.`,
  'storage-count': ({ key, found, wanted }) =>
    `Der Speicherblock ${key} hat ${found} Elemente statt ${wanted}.`,
  'storages-missing': 'Ihre Liste der Speicherblöcke fehlt.',
  'storage-unused': ({ key }) => `Ihre Liste der Speicherblöcke nennt ${key}, den kein Tensor verwendet.`,
  'storages-length': ({ found, size }) =>
    `Ihre Speicherblöcke reichen bis Byte ${found}, die Datei hat aber ${size}.`,
  'not-torch': 'Sie hat keines der beiden Formate, die PyTorch seit 2018 schreibt.',

  'pickle-cut-off': 'Das Pickle ist abgeschnitten.',
  'pickle-long-number': ({ length }) => `Das Pickle enthält eine Zahl von ${length} Bytes.`,
  'pickle-no-value': 'Das Pickle nimmt einen Wert, der nicht da ist.',
  'pickle-no-list': 'Das Pickle nimmt eine Liste, die nicht da ist.',
  'pickle-set-item': 'Das Pickle setzt einen Eintrag in etwas, das kein Wörterbuch ist.',
  'pickle-append': 'Das Pickle hängt etwas an, das keine Liste ist.',
  'pickle-name': ({ name }) => `Das Pickle nennt ${name}, und das brauchen Tensoren nicht.`,
  'pickle-no-arguments': 'Das Pickle ruft etwas ohne Argumente auf.',
  'pickle-no-function': 'Das Pickle ruft etwas auf, das keine Funktion ist.',
  'pickle-set-attributes': 'Das Pickle setzt Attribute an etwas, das kein Wörterbuch ist.',
  'pickle-no-memo': 'Das Pickle bezieht sich auf einen Wert, der nicht da ist.',
  'pickle-version': 'Das Pickle hat eine unbekannte Version.',
  'pickle-no-name': 'Das Pickle nennt keinen Namen.',
  'pickle-instruction': ({ code, at }) =>
    `Das Pickle hat bei Byte ${at} den Befehl ${code}, und den brauchen Tensoren nicht.`,
  'pickle-sizes': 'Das Pickle gibt einem Tensor eine Form oder Schrittweiten, die keine Größen sind.',
  'pickle-no-storage': 'Das Pickle macht einen Tensor aus etwas, das kein Speicherblock ist.',
  'pickle-strides': 'Das Pickle gibt einem Tensor weniger Schrittweiten als Größen.',
  'pickle-beyond-storage': ({ key }) =>
    `Das Pickle macht einen Tensor, der über seinen Speicherblock ${key} hinausreicht.`,
  'pickle-no-tensor': 'Das Pickle macht einen Parameter aus etwas, das kein Tensor ist.',
  'pickle-dictionary': 'Das Pickle füllt ein Wörterbuch auf unbekannte Weise.',
  'pickle-outside': 'Das Pickle bezieht sich auf etwas außerhalb, das kein Speicherblock ist.',
  'pickle-view': ({ key }) => `Das Pickle betrachtet den Speicherblock ${key} über sein Ende hinaus.`,
  'pickle-not-a-dictionary': 'Das Pickle enthält kein Wörterbuch von Tensoren.',
  'pickle-no-tensors': 'Das Wörterbuch im Pickle enthält keine Tensoren.',

  'archive-beyond': ({ position }) =>
    `Das Verzeichnis des Archivs nennt Byte ${position}, hinter seinem Ende.`,
  'archive-end-64': 'Der 64-Bit-Endeintrag des Archivs fehlt.',
  'archive-end': 'Der Endeintrag des Archivs fehlt: Die Datei ist abgeschnitten.',
  'archive-too-large': ({ size }) => `Das Verzeichnis des Archivs ist mit ${size} Bytes zu groß.`,
  'archive-damaged': 'Das Verzeichnis des Archivs ist beschädigt.',
  'archive-name-twice': ({ name }) => `Das Archiv hat zwei Einträge namens ${name}.`,
  'archive-encrypted': ({ name }) => `Der Eintrag ${name} ist verschlüsselt.`,
  'archive-compressed': ({ name }) =>
    `Der Eintrag ${name} ist komprimiert; Gewichte sind das nie, eine Falle vielleicht.`,
  'archive-size-64': ({ name }) => `Dem Eintrag ${name} fehlt seine 64-Bit-Größe.`,
  'archive-two-sizes': ({ name, stored, size }) =>
    `Der Eintrag ${name} nennt zwei verschiedene Größen, ${stored} und ${size}.`,
  'archive-overlap': ({ name }) => `Der Eintrag ${name} überlappt, was ihm folgt.`,
  'archive-no-header': ({ name }) =>
    `Der Eintrag ${name} hat keinen Kopf, wo er nach dem Verzeichnis sein müsste.`,
  'archive-entry-beyond': ({ name }) => `Der Eintrag ${name} reicht über das Ende der Datei hinaus.`,

  'no-tokenizer':
    'Der Checkpoint hat weder diese Datei noch tokenizer.model, also könnte das Modell keinen Text lesen.',
  'llama2-not-taken': ({ from }) =>
    `Der Checkpoint hat weder diese Datei noch tokenizer.model, und die von LLaMA-2 ließ sich nicht von ${from} nehmen.`,
  'other-vocabulary': ({ vocabulary, wanted }) =>
    `Sein Vokabular hat ${vocabulary} Einträge statt der ${wanted} von LLaMA-2, dessen Tokenizer also nicht passt.`,
  'other-entries': ({ found, wanted }) =>
    `Was dort liegt, ist nicht die von LLaMA-2: Ihr Vokabular hat ${found} Einträge statt ${wanted}.`,
  'other-id': ({ token, id }) =>
    `Was dort liegt, ist nicht die von LLaMA-2: Sie hat kein Token ${token} mit der Nummer ${id}.`,
  'token-id': ({ token, id, vocabulary }) =>
    `Das Token ${token} hat die Nummer ${id}, das Vokabular aber nur ${vocabulary} Einträge.`,
  'no-tokens': 'Sie enthält keine Token.',
  'cut-off': 'Die Datei ist abgeschnitten oder beschädigt.',
  'not-sentencepiece': 'Die Datei ist kein SentencePiece-Modell.',
  'no-pieces': 'Die Datei enthält keine Stücke.',
  'not-bpe': 'Das Modell in der Datei ist kein Byte-Pair-Encoding, und das von LLaMA ist eines.',
  'no-special-pieces': 'Der Datei fehlen die besonderen Stücke <unk> und <s> von LLaMA.',
  'piece-twice': 'Die Datei enthält ein Stück zweimal.',

  'no-shards': 'Sie führt keine Shards auf.',
  'not-a-shard': 'Sie führt etwas auf, das kein Shard ist.',
  'announced-length': ({ size, announced }) =>
    `Die Datei hat ${size} Bytes statt der angekündigten ${announced}.`,
  'no-tokenizer-files': 'Sie nennt keine Tokenizer-Dateien.',
  'other-md5': ({ found, announced }) =>
    `Die Datei ist beschädigt: Ihre MD5 ist ${found} statt ${announced}.`,

  usage: ({ detail }) => detail,
  'folder-not-empty': ({ files }) => `Im Ordner liegen schon ${files} Datei(en).`,
  'disk-too-small': ({ needed, free }) =>
    `Der Build braucht noch ${needed} Bytes, frei sind aber nur ${free}.`,
  'disk-full': 'Auf dem Datenträger ist kein Platz mehr.',
  'write-failed': ({ detail }) => `Das Schreiben ist gescheitert: ${detail}.`,
};

const next: typeof conversionEn.next = {
  'choose-checkpoint': 'Wählen Sie den Ordner oder das Repository mit config.json und den Gewichtsdateien.',
  'choose-folder': 'Wählen Sie den Ordner, in dem sie liegt, oder alle seine Dateien.',
  'choose-whole-build': 'Wählen Sie den ganzen Ordner des Builds.',
  'choose-fitting-files':
    'Wählen Sie die Dateien dieses Modells und Builds, oder das Modell, zu dem diese Dateien gehören.',
  'choose-vocabulary': 'Wählen Sie ein Vokabular, das nicht größer ist, oder keines.',
  'download-whole': 'Laden Sie den Checkpoint noch einmal ganz herunter.',
  'download-whole-and-check':
    'Laden Sie den Checkpoint noch einmal ganz herunter, und prüfen Sie, dass config.json dazugehört.',
  'download-again': 'Laden Sie die Datei noch einmal herunter.',
  'fetch-with-lfs':
    'Holen Sie sie mit „git lfs pull“, oder laden Sie die Datei von der Seite des Repositorys herunter.',
  'download-or-save-again': 'Laden Sie sie noch einmal herunter, oder sichern Sie sie noch einmal.',
  'download-or-ask':
    'Der Checkpoint ist beschädigt: Laden Sie ihn noch einmal herunter, oder fragen Sie seinen Herausgeber.',
  'download-header-again': 'Die Datei ist beschädigt oder unvollständig: Laden Sie sie noch einmal herunter.',
  'save-with-torch':
    'Die Datei ist beschädigt oder nicht, was PyTorch schreibt: Laden Sie sie noch einmal herunter, oder sichern Sie sie noch einmal mit torch.save.',
  'use-safetensors':
    'Nehmen Sie die safetensors-Dateien des Modells, oder eine Datei aus einer Quelle, der Sie trauen.',
  'one-number-format': 'Sichern Sie den Checkpoint in einem einzigen Zahlenformat.',
  'check-config': 'Prüfen Sie, dass config.json zu diesen Gewichten gehört und dass sie ganz sind.',
  'check-files': 'Prüfen Sie, dass der Checkpoint vollständig ist und seine Dateien nicht vertauscht sind.',
  'check-not-moved':
    'Prüfen Sie, dass sie inzwischen nicht verschoben oder verändert wurde, und fangen Sie noch einmal an.',
  'check-repository': 'Prüfen Sie den Namen des Repositorys.',
  'check-connection':
    'Prüfen Sie Adresse und Verbindung, und fangen Sie noch einmal an: Fertige Shards bleiben.',
  'download-yourself':
    'Laden Sie die Dateien selbst herunter, und wählen Sie ihren Ordner; die Befehlszeile kann sich mit HF_TOKEN anmelden.',
  'owner-and-name': 'Schreiben Sie ihn als besitzer/name.',
  'llama-only': 'Nur LLaMA-Checkpoints (LlamaForCausalLM) lassen sich umwandeln.',
  'base-tokenizer':
    'Legen Sie die tokenizer.json des Grundmodells neben config.json, und wandeln Sie noch einmal um.',
  'llama2-tokenizer':
    'Legen Sie die tokenizer.json des Grundmodells (bei MetaAligner LLaMA-2) neben config.json, und wählen Sie diesen Ordner, oder wandeln Sie ihn mit der Befehlszeile um, die den von LLaMA-2 mitbringt.',
  'own-tokenizer': 'Nehmen Sie die tokenizer.json, die zu diesem Modell gehört.',
  'copy-whole': 'Kopieren Sie den Build noch einmal ganz, oder wandeln Sie ihn noch einmal um.',

  'see-help': 'Siehe npm run convert -- --help.',
  'other-folder':
    'Wählen Sie einen anderen Ordner, oder ersetzen Sie den Build darin mit --force (andere Dateien bleiben).',
  'free-disk':
    'Schaffen Sie Platz, oder wählen Sie einen anderen Datenträger, und fangen Sie noch einmal an: Fertige Shards bleiben.',
  'check-folder': 'Prüfen Sie den Ordner und seine Rechte.',
  'check-permissions': 'Prüfen Sie die Datei und ihre Rechte, und fangen Sie noch einmal an.',
  'check-hub':
    'Prüfen Sie Namen und Verbindung (für private Repositorys HF_TOKEN), und fangen Sie noch einmal an.',
};

const warnings: typeof conversionEn.warnings = {
  'prefill-chunk': ({ tokens }) =>
    `Ein Stück des Prompts kann nicht größer sein als das Kontextfenster: ${tokens} Token werden genommen.`,
  'tokenizer-made': 'Der Checkpoint hat keine tokenizer.json: Sie wird aus tokenizer.model gemacht.',
  'no-tokenizer':
    'Der Checkpoint hat keine tokenizer.json, deshalb läuft der Build noch nicht: Legen Sie die des Grundmodells (bei MetaAligner LLaMA-2) neben config.json, und wandeln Sie noch einmal um.',
  'llama2-tokenizer': ({ from }) =>
    `Der Checkpoint hat keinen Tokenizer: Es wird der von LLaMA-2 genommen, von ${from}. Er passt zu Modellen aus LLaMA-2 oder TinyLlama, wie denen von MetaAligner.`,
  'tokens-dropped': ({ tokens }) =>
    `tokenizer.json: Die Token jenseits des Vokabulars werden herausgenommen: ${tokens.join(', ')}.`,
  'vocabulary-cut': ({ from, to }) =>
    `Das Vokabular von ${from} Token wird auf ${to} gekürzt, für die die Modellbibliotheken kompiliert sind.`,
  'tensors-left-out': ({ count, first }) =>
    `${count} Tensor(en), die LLaMA nicht hat, werden ausgelassen: ${first.join(', ')}.`,
  'rows-cut': ({ tensor, cut, rows }) =>
    `${tensor}: Die letzten ${cut} von ${rows + cut} Zeilen werden abgeschnitten, auf ein Vokabular von ${rows}.`,
  'rope-scaling': ({ file }) => `${file}: rope_scaling ohne rope_type kennt MLC nicht; es wird ausgelassen.`,
  overflow: ({ tensor, count, format }) =>
    `${tensor}: ${count} Wert(e) sind zu groß für ${format} und wurden unendlich.`,
};

export const conversionDe: typeof conversionEn = {
  tensor: (name) => `Tensor ${name}`,
  reasons,
  next,
  warnings,
};
