import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';
import { HandlerScope, scopeOf } from './handler-scope.ts';

/** OpenTelemetry's context manager over one storage that holds a handler's scope, or a context made inside of it. */
export interface ScopeContextManager extends ContextManager {
  /** Runs `fn` in the scope; its context is made when somebody asks for it. */
  run<T>(scope: HandlerScope, fn: () => T): T;
  /** The scope that runs now; undefined outside of handlers. */
  scope(): HandlerScope | undefined;
}

/** `ambient` is the scope of whoever keeps it elsewhere: asked where nothing was run in a scope or a context here. */
export function createScopeContextManager(
  ambient: () => HandlerScope | undefined = () => undefined,
): ScopeContextManager {
  const storage = new AsyncLocalStorage<HandlerScope | Context>();
  const manager: ScopeContextManager = {
    run: (scope, fn) => storage.run(scope, fn),
    scope() {
      const held = storage.getStore();
      if (held === undefined) return ambient();
      return held instanceof HandlerScope ? held : scopeOf(held);
    },
    active() {
      const held = storage.getStore();
      if (held === undefined) return ambient()?.context() ?? ROOT_CONTEXT;
      return held instanceof HandlerScope ? held.context() : held;
    },
    with(context, fn, thisArg, ...args) {
      return storage.run(context, () => fn.apply(thisArg, args));
    },
    bind(context, target) {
      const inContext = (fn: () => unknown) => storage.run(context, fn);
      if (target instanceof EventEmitter) return emitThrough(inContext, target);
      if (typeof target !== 'function') return target;
      const bound = function (this: unknown, ...args: unknown[]) {
        return storage.run(context, () => target.apply(this, args));
      };
      return bound as typeof target;
    },
    enable: () => manager,
    disable() {
      storage.disable();
      return manager;
    },
  };
  return manager;
}

/** Its listeners run so: left to itself, an event of a request comes in the context of that request's own span. */
function emitThrough<T extends EventEmitter>(run: (fn: () => unknown) => unknown, emitter: T): T {
  const emit = emitter.emit;
  emitter.emit = (...args) => run(() => emit.apply(emitter, args)) as boolean;
  return emitter;
}
