import type { Alignment } from './alignment.svelte.ts';
import { readShareLink } from './share-link.ts';

/**
 * Opens what a link carries in its fragment, at the start and whenever the fragment changes. Once the person has taken
 * the texts over or left them, the fragment goes, so that a reload does not bring them back.
 */
export async function followLinks(alignment: Alignment): Promise<void> {
  const follow = async (): Promise<void> => {
    const reading = await readShareLink(location.hash);
    if (reading.kind === 'none' || alignment.busy) return;
    if (reading.kind === 'shared') alignment.openLink(reading.shared);
    else alignment.problem = { kind: 'broken-link' };
  };
  addEventListener('hashchange', () => void follow());
  await follow();
  $effect.root(() => {
    let opened = false;
    $effect(() => {
      if (alignment.fromLink) opened = true;
      else if (opened) {
        opened = false;
        history.replaceState(history.state, '', location.pathname + location.search);
      }
    });
  });
}
