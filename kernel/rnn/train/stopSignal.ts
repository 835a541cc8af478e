/** Tells whoever waits for something that training is to end. */
export class StopSignal {
  #requested = false;
  #wake: (() => void) | undefined;

  get requested(): boolean {
    return this.#requested;
  }

  request(): void {
    this.#requested = true;
    this.#wake?.();
  }

  /** What `promise` comes to, or undefined as soon as the end is requested. One wait at a time. */
  orStopped<T>(promise: PromiseLike<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      promise.then(resolve, reject);
      if (this.#requested) this.#wake();
    });
  }
}
