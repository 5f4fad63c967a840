/** How long a notice stays before the screen's own message is back. */
const STAYS_MS = 4000;

/** A short word on something that was just done ("Copied."), for the one status line of the screen. */
class Notice {
  message = $state<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(message: string): void {
    clearTimeout(this.#timer);
    this.message = message;
    this.#timer = setTimeout(() => (this.message = undefined), STAYS_MS);
  }
}

export const notice = new Notice();
