export { type HandlerContext, HandlerScope } from './handler-scope.ts';
export { createHandlerTracing, type HandlerTracing, type HandlerTracingDeps } from './handler-tracing.ts';
