import { write } from './told.ts';
import type { damageEn, manifestEn, weightsEn } from './weights.en.ts';

const RESUME =
  'Prüfen Sie die Verbindung und setzen Sie den Download fort; was heruntergeladen wurde, bleibt.';

const damageDe: typeof damageEn = {
  'other-length': ({ file, found, announced }) =>
    `${file} ist beschädigt angekommen: Es sind ${found} Bytes statt ${announced}.`,
  'other-digest': ({ file, algorithm, found, announced }) =>
    `${file} ist beschädigt angekommen: ${algorithm} ist ${found} statt ${announced}.`,
  'longer-than-announced': ({ file, announced }) => `${file} ist länger als ${announced} Bytes.`,
  'other-length-offered': ({ file, offered, announced }) =>
    `Der Server bietet ${file} mit ${offered ?? 'anderen'} Bytes statt ${announced} an.`,
};

const manifestDe: typeof manifestEn = {
  'listed-twice': ({ field, shard }) => `${field}: ${shard} ist zweimal aufgeführt`,
  'beyond-shard': ({ field, tensor, shard }) =>
    `${field}: Tensor „${tensor}“ endet hinter dem Ende von ${shard}`,
  'too-large': ({ total }) => `die Shards sind zusammen ${total} Bytes groß, mehr als irgendein Modell hat`,
  'no-tokenizer':
    'tokenizer_files nennt weder tokenizer.json noch tokenizer.model, also kann das Programm es nicht lesen',
  field: ({ field, detail }) => `${field ?? 'die Datei'}: ${detail}`,
};

export const weightsDe: typeof weightsEn = {
  ...damageDe,
  'in-vain': ({ damage, times }) =>
    `${write(damageDe, damage)} Die Datei wurde ${times}-mal geholt: Was der Server hat, ist nicht, was tensor-cache.json oder die Modellliste ankündigt. Die anderen Dateien bleiben; setzen Sie später fort, oder sagen Sie es dem Herausgeber des Modells.`,
  'other-version': ({ file, found, announced }) =>
    `${file} hat die SHA-256 ${found}, die Modellliste kündigt ${announced} an. Der Server hat eine andere Fassung des Modells, als diese Seite erwartet: Laden Sie die Seite neu, oder sagen Sie es ihrem Herausgeber.`,

  'bad-manifest': ({ file, fault }) =>
    `${file} beschreibt keinen brauchbaren Modell-Build (${write(manifestDe, fault)}). Nichts wurde gespeichert. Prüfen Sie die Adresse des Modells, oder wandeln Sie es noch einmal um.`,
  'library-without-name': ({ address }) =>
    `Die Adresse der Modellbibliothek, ${address}, endet nicht mit einem Dateinamen.`,
  'no-plain-name': ({ file }) => `${file} ist kein einfacher Dateiname.`,
  'listed-as-shard': ({ file, shard }) => `${file} führt ${shard} als Shard auf.`,
  'no-checksum': ({ file, shard }) =>
    `${file} nennt keine md5sum für ${shard}, also ließen sich dessen Bytes nicht prüfen. Wandeln Sie das Modell noch einmal um.`,
  'wrong-content': ({ file, page, wanted }) =>
    `Für ${file} hat der Server ${page ? `eine Webseite statt ${wanted}` : `etwas geschickt, das kein ${wanted} ist`}${page ? ' geschickt' : ''}. Wahrscheinlich stimmt die Adresse des Modells nicht, oder eine Anmeldeseite liegt dazwischen.`,
  'web-page': ({ file }) =>
    `Für ${file} hat der Server eine Webseite geschickt. Wahrscheinlich stimmt die Adresse des Modells nicht, oder eine Anmeldeseite liegt dazwischen.`,
  'too-large': ({ file }) => `${file} ist größer als 32 MB, und das ist keine solche Datei.`,

  'busy-server': ({ file, status }) =>
    `Der Server hat für ${file} mit ${status} geantwortet. Vielleicht ist er überlastet: Setzen Sie später fort, was heruntergeladen wurde, bleibt.`,
  'login-wanted': ({ file, status }) =>
    `Der Server hat für ${file} mit ${status} geantwortet. Er verlangt eine Anmeldung oder die Zustimmung zu einer Lizenz, und das kann diese Seite nicht. Laden Sie die Dateien selbst herunter, und fügen Sie sie aus einem Ordner hinzu.`,
  'not-there': ({ file, status }) =>
    `Der Server hat für ${file} mit ${status} geantwortet. Der Modell-Build ist dort unvollständig, oder seine Adresse stimmt nicht.`,
  'no-cors': ({ file, host }) =>
    `${host} lässt andere Sites ${file} nicht lesen (es fehlt der Header Access-Control-Allow-Origin). Nehmen Sie einen Server, der es erlaubt, oder laden Sie die Dateien herunter, und fügen Sie sie aus einem Ordner hinzu.`,
  'ended-early': ({ file, received, announced }) =>
    `Der Server hat ${file} nach ${received} von ${announced} Bytes beendet. Setzen Sie fort, um den Rest zu holen.`,
  'connection-broke': ({ file }) =>
    `${file} konnte nicht heruntergeladen werden: Die Verbindung ist abgebrochen. ${RESUME}`,
  stalled: ({ file }) =>
    `${file} konnte nicht heruntergeladen werden: Der Server schickt nichts mehr. ${RESUME}`,
  'server-unreachable': ({ file }) =>
    `${file} konnte nicht heruntergeladen werden: Der Server ist nicht zu erreichen. ${RESUME}`,
  'no-network': ({ file }) => `${file} konnte nicht heruntergeladen werden: Es gibt kein Netz. ${RESUME}`,

  'no-room': ({ needed, free, missing }) =>
    `Der Download braucht noch ${megabytes(needed)} MB, und der Browser hat Platz für etwa ${megabytes(free)} MB: ${megabytes(missing)} MB fehlen. Schaffen Sie Platz auf dem Gerät, oder löschen Sie ein anderes Modell; was gespeichert ist, bleibt.`,
  'quota-exceeded':
    'Der Browser hat für diese Site keinen Platz mehr. Was heruntergeladen wurde, bleibt: Schaffen Sie Platz auf dem Gerät, oder löschen Sie ein anderes Modell, und setzen Sie dann fort.',
  'storage-refused': ({ detail }) =>
    `Der Browser hat es abgelehnt, das Modell zu speichern (${detail}). Das tun private Fenster und gesperrte Websitedaten: Öffnen Sie die Seite in einem gewöhnlichen Fenster, und erlauben Sie ihr, Daten aufzubewahren.`,
  'store-stopped': ({ detail }) =>
    `Der Teil der Seite, der die Modelle aufbewahrt, hat aufgehört${detail === '' ? '' : `: ${detail}`}. Laden Sie die Seite neu; was heruntergeladen wurde, bleibt.`,

  stopped: 'Angehalten. Was heruntergeladen wurde, bleibt.',
  'worked-on':
    'Das Modell wird gerade heruntergeladen oder geprüft, vielleicht in einem anderen Tab. Halten Sie das zuerst an.',
  'worked-on-here': 'Dieser Tab arbeitet schon an dem Modell.',
  'at-work':
    'Ein Lauf ist im Gange. Warten Sie sein Ende ab, oder halten Sie ihn an, und löschen Sie das Modell dann.',
  loaded:
    'Das Modell ist in einem anderen Tab dieser Seite geladen. Schließen Sie den Tab, und löschen Sie das Modell dann.',

  'no-build': 'Von diesem Modell gibt es keinen fertigen Build: Wandeln Sie seinen Checkpoint um.',
  'no-address': ({ file }) => `Für ${file} gibt es keine Adresse.`,
  'convert-again': ({ file }) =>
    `${file} ist beschädigt oder fehlt, und das Modell wurde in diesem Browser umgewandelt: Wandeln Sie es noch einmal um.`,
  unfinished: ({ file }) => `${file} wurde nicht fertig. Starten Sie die Umwandlung noch einmal.`,
  'missing-for-saving': ({ file }) =>
    `${file} fehlt im gespeicherten Modell, deshalb wurde es nicht gesichert. Drücken Sie zuerst „Dateien prüfen“.`,
  'missing-for-loading': ({ file }) =>
    `${file} fehlt im gespeicherten Modell. „Dateien prüfen“ holt es noch einmal.`,
  'not-stored': 'Das Modell wurde heruntergeladen, ist aber nicht gespeichert. Versuchen Sie es noch einmal.',
};

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
