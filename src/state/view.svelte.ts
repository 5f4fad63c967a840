/** The screens of the page; each has its own address (`?view=batch`), the first needs none. */
export const VIEWS = ['desk'] as const;
export type ViewName = (typeof VIEWS)[number];

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
    const parameters = new URLSearchParams(location.search);
    if (view === VIEWS[0]) parameters.delete('view');
    else parameters.set('view', view);
    const search = parameters.toString();
    return search === '' ? location.pathname : `?${search}`;
  }

  show(view: ViewName): void {
    if (view === this.current) return;
    history.pushState(null, '', this.address(view));
    this.current = view;
  }
}

function viewFrom(search: string): ViewName {
  const asked = new URLSearchParams(search).get('view');
  return VIEWS.find((view) => view === asked) ?? VIEWS[0];
}
