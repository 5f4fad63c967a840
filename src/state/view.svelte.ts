/** The screens of the page; each has its own address (`?view=batch`), the first needs none. */
export type ViewName = 'desk' | 'compare' | 'batch' | 'history' | 'models';
export const VIEWS: readonly ViewName[] = ['desk', 'compare', 'batch', 'history', 'models'];
const FIRST: ViewName = 'desk';

/** Which screen is shown, kept in step with the address bar and the browser's back button. */
export class View {
  current = $state<ViewName>(viewFrom(location.search));

  constructor() {
    addEventListener('popstate', () => {
      this.current = viewFrom(location.search);
    });
  }

  /** Address of a screen; the other parameters stay. */
  address(view: ViewName): string {
    const address = new URL(location.href);
    if (view === FIRST) address.searchParams.delete('view');
    else address.searchParams.set('view', view);
    return address.pathname + address.search;
  }

  show(view: ViewName): void {
    if (view === this.current) return;
    history.pushState(null, '', this.address(view));
    this.current = view;
  }
}

function viewFrom(search: string): ViewName {
  const asked = new URLSearchParams(search).get('view');
  return VIEWS.find((view) => view === asked) ?? FIRST;
}
