import type { TracerProvider } from '@opentelemetry/api';

/** A library whose calls make spans, inside of handlers only: elsewhere there is no span above them. */
export interface Watch {
  /** Until then its spans are nobody's. */
  sendTo(provider: TracerProvider): void;
  end(): void;
}
