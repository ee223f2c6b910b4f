import { type Clock, DRAIN_MARGINS, messageOf } from '@millrace/core';
import { type Child, describeExit, endChild } from './child.ts';
import type { PodNews, PodOrder, PodRecord } from './cluster-messages.ts';

/** What the kubelet needs. */
export interface KubeletDependencies {
  readonly clock: Clock;
  /** Starts the process of a pod. `firstPod` tells that no other pod runs, so fixed ports are free. */
  readonly spawnPod: (id: string, pool: string, firstPod: boolean) => Promise<Child>;
  /** Tells every supervisor; false when none listens. */
  readonly tell: (news: PodNews) => boolean;
  /** One line for the person at the terminal. */
  readonly note: (line: string) => void;
  readonly onExit: (child: Child) => void;
}

interface Pod extends PodRecord {
  readonly child: Child;
  ending: boolean;
}

/** Runs worker pods as the supervisor that leads orders, and tells all of their ends, also of those they slept through. */
export class Kubelet {
  readonly #dependencies: KubeletDependencies;
  readonly #pods = new Map<string, Pod>();
  /** Pods whose process is being started. */
  readonly #starting = new Map<string, Promise<void>>();
  /** Exits that no supervisor has heard of yet. */
  readonly #untold: PodNews[] = [];
  #closed = false;

  constructor(dependencies: KubeletDependencies) {
    this.#dependencies = dependencies;
  }

  /** The pods that run now. */
  pods(): PodRecord[] {
    return [...this.#pods.values()].map(({ id, pool, pid, startedAtMs }) => ({ id, pool, pid, startedAtMs }));
  }

  /** Does what the supervisor orders. Repeating an order changes nothing. */
  receive(order: PodOrder): void {
    switch (order.type) {
      case 'list':
        void this.#list();
        return;
      case 'create-pod':
        this.#create(order.id, order.pool);
        return;
      case 'delete-pod':
        void this.#end(order.id, order.graceMs);
        return;
      case 'kill-pod':
        void this.#kill(order.id);
        return;
      default:
        order satisfies never;
    }
  }

  /** Waits for pods that are being started: one left out would be made a second time. */
  async #list(): Promise<void> {
    if (this.#starting.size > 0) await Promise.all(this.#starting.values());
    this.#dependencies.tell({ type: 'pods', pods: this.pods() });
    for (const news of this.#untold.splice(0)) this.#announce(news);
  }

  /** Takes no more orders to create, and drains every pod. Resolves when none runs. */
  async drain(graceMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#starting.values());
    await Promise.all([...this.#pods.keys()].map((id) => this.#end(id, graceMs)));
  }

  /** Asks draining pods once more: they hand back what still runs. Those that do not end by then are killed. */
  hasten(): void {
    for (const { child } of this.#pods.values()) {
      child.signal('SIGTERM');
      const timer = this.#dependencies.clock.after(DRAIN_MARGINS.podEndMs, () => child.killGroup());
      child.exited.then(() => timer.cancel());
    }
  }

  #create(id: string, pool: string): void {
    if (this.#closed || this.#pods.has(id) || this.#starting.has(id)) return;
    const firstPod = this.#pods.size + this.#starting.size === 0;
    const started = this.#start(id, pool, firstPod).finally(() => this.#starting.delete(id));
    this.#starting.set(id, started);
  }

  async #start(id: string, pool: string, firstPod: boolean): Promise<void> {
    const { clock, note, spawnPod } = this.#dependencies;
    try {
      const child = await spawnPod(id, pool, firstPod);
      const pod: Pod = { id, pool, pid: child.pid, startedAtMs: clock.nowMs(), child, ending: false };
      this.#pods.set(id, pod);
      child.exited.then((exit) => this.#ended(pod, exit.code, exit.signal));
      this.#announce({ type: 'pod-started', id, pool, pid: pod.pid, startedAtMs: pod.startedAtMs });
    } catch (error) {
      note(`worker pod ${id} could not be started: ${messageOf(error)}`);
      const atMs = clock.nowMs();
      this.#announce({ type: 'pod-exited', id, pid: 0, code: 1, signal: null, atMs, expected: false });
    }
  }

  /** A pod that is being started is ended as soon as it runs: an order that came too early would be lost. */
  async #end(id: string, graceMs: number): Promise<void> {
    if (this.#starting.has(id)) await this.#starting.get(id);
    const pod = this.#pods.get(id);
    if (!pod) return;
    if (pod.ending) return void (await this.#endsWithin(pod, graceMs));
    pod.ending = true;
    await endChild(pod.child, graceMs, this.#dependencies.clock);
  }

  /** It was told already: to tell it twice would hasten it. */
  async #endsWithin({ child }: Pod, graceMs: number): Promise<void> {
    const timer = this.#dependencies.clock.after(graceMs, () => child.killGroup());
    await child.exited;
    timer.cancel();
  }

  async #kill(id: string): Promise<void> {
    if (this.#starting.has(id)) await this.#starting.get(id);
    this.#pods.get(id)?.child.killGroup();
  }

  #ended(pod: Pod, code: number | null, signal: NodeJS.Signals | null): void {
    this.#pods.delete(pod.id);
    const { id, pid, ending: expected } = pod;
    const atMs = this.#dependencies.clock.nowMs();
    this.#announce({ type: 'pod-exited', id, pid, code, signal, atMs, expected });
    this.#dependencies.onExit(pod.child);
    if (!expected) void this.#noteEnd(pod, describeExit({ code, signal }), signal === null);
  }

  async #noteEnd(pod: Pod, how: string, withWords: boolean): Promise<void> {
    const words = withWords ? await pod.child.lastWords(1) : [];
    this.#dependencies.note([`worker pod ${pod.id} ended (${how})`, ...words].join(': '));
  }

  #announce(news: PodNews): void {
    if (!this.#dependencies.tell(news)) this.#untold.push(news);
  }
}
