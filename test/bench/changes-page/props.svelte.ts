import type { StreamedPiece } from '../../../src/domain/changes.ts';

/** Props whose change the component sees. */
export function streamedProps(): { pieces: readonly StreamedPiece[] } {
  let pieces = $state.raw<readonly StreamedPiece[]>([]);
  return {
    get pieces() {
      return pieces;
    },
    set pieces(value) {
      pieces = value;
    },
  };
}
