import { historyFile, type AlignmentRecord } from '../../src/domain/history.ts';

/** A finished alignment as the history keeps it. */
export function alignmentRecord(given: Partial<AlignmentRecord>): AlignmentRecord {
  return {
    id: 'one',
    at: '2026-01-02T03:04:05.000Z',
    model: { id: 'demo', name: 'Demo aligner' },
    family: 'UltraFeedback',
    objectives: ['Length: the response should be concise and avoid redundant content.'],
    query: 'Why?',
    answer: 'Well, because it is so.',
    editedAnswer: 'Because it is so.',
    finishReason: 'stop',
    settings: { temperature: 0, maxNewTokens: 1024, editShaped: true },
    figures: {
      promptTokens: 10,
      replyTokens: 10,
      timeToFirstTokenSeconds: 1,
      prefillTokensPerSecond: 1,
      decodeTokensPerSecond: 1,
      totalSeconds: 1,
    },
    ...given,
  };
}

/** An exported history, for a file input. */
export function historyUpload(records: readonly AlignmentRecord[]): {
  name: string;
  mimeType: string;
  buffer: Buffer;
} {
  return { name: 'history.json', mimeType: 'application/json', buffer: Buffer.from(historyFile(records)) };
}
