/**
 * Traces whose pictures can be asked for more. The newest are kept as long as they take little memory
 * together; older ones as long as the notebook itself holds them.
 */
import type { Trace } from '../rnn/inspect/trace.js';
import type { DetailPlan } from './traceDetail.js';
import type { TracePictureOptions } from './tracePayload.js';

/** A trace, and how it was drawn. */
export interface LiveTrace {
  readonly trace: Trace;
  readonly options: TracePictureOptions;
  readonly plan: DetailPlan;
}

const most = 32;
const mostBytes = 256 * 2 ** 20;

export class LiveTraces {
  /** By id. */
  readonly #known = new Map<string, WeakRef<LiveTrace>>();
  /** The newest, oldest first: they stay although no variable of the notebook holds them. */
  #kept: { id: string; live: LiveTrace }[] = [];
  /** A picture lives as long as its trace, whoever holds that. */
  readonly #ofTrace = new WeakMap<Trace, LiveTrace[]>();

  get(id: string): LiveTrace | undefined {
    return this.#known.get(id)?.deref();
  }

  /** Those that stay whoever else holds them. */
  get keptIds(): string[] {
    return this.#kept.map(({ id }) => id);
  }

  add(id: string, live: LiveTrace): void {
    for (const [other, reference] of this.#known) if (!reference.deref()) this.#known.delete(other);
    this.#known.set(id, new WeakRef(live));
    this.#ofTrace.set(live.trace, [...(this.#ofTrace.get(live.trace) ?? []), live]);
    const others = this.#kept.filter((one) => one.id !== id);
    let free = mostBytes;
    this.#kept = [...others, { id, live }]
      .slice(-most)
      .reverse()
      .filter(({ live: { trace } }) => {
        const fits = trace.bytes <= free;
        if (fits) free -= trace.bytes;
        return fits;
      })
      .reverse();
  }
}
