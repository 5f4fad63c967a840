/** The page itself, kept for use without a network by a service worker. */
export class Shell {
  /** True when the page and the engine's program can start without a network. */
  offline = $state(false);
  /** True when a newer version of the page is here and waits to be taken. */
  updateReady = $state(false);
  #registration: ServiceWorkerRegistration | undefined;

  /**
   * @param scriptUrl of the service worker; undefined where there is none (development)
   * @param container the browser's service workers; undefined outside a secure context
   */
  async register(
    scriptUrl: string | undefined,
    container: ServiceWorkerContainer | undefined,
  ): Promise<void> {
    if (scriptUrl === undefined || !container) return;
    const registration = await container.register(scriptUrl);
    this.#registration = registration;
    const look = (): void => {
      this.offline = registration.active !== null;
      // A first install waits for nobody; a later one waits until the old version is let go.
      this.updateReady = registration.waiting !== null && registration.active !== null;
    };
    // Whichever stage the newest one has reached by now: each further stage is an event on it.
    const watch = (): void => {
      const newest = registration.installing ?? registration.waiting ?? registration.active;
      newest?.addEventListener('statechange', look);
    };
    registration.addEventListener('updatefound', watch);
    watch();
    look();
  }

  /** Takes the newer version and starts the page again. Models are kept; what the person does at the moment is lost. */
  takeUpdate(): void {
    const waiting = this.#registration?.waiting;
    waiting?.addEventListener('statechange', () => {
      if (waiting.state === 'activated') location.reload();
    });
    waiting?.postMessage({ type: 'SKIP_WAITING' });
  }
}
