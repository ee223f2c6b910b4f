import { expect, test } from 'vitest';
import { otlpAttributes, otlpName } from './otlp-names.ts';

test.each([
  ['millrace_jobs_admitted_total', 'millrace_jobs_admitted', ''],
  ['millrace_host_cpu_seconds_total', 'millrace_host_cpu', 's'],
  ['millrace_store_memory_used_bytes', 'millrace_store_memory_used', 'By'],
  ['jobqueue_worker_busy_ratio', 'jobqueue_worker_busy', '1'],
  ['millrace_queue_drain_per_second', 'millrace_queue_drain_per_second', ''],
  ['messaging_process_duration_seconds', 'messaging.process.duration', 's'],
  ['messaging_client_sent_messages_total', 'messaging.client.sent.messages', ''],
])('%s is %s in %j', (name, expected, unit) => {
  expect(otlpName({ name })).toEqual({ name: expected, unit });
});

test('attributes of the conventions have dots, ours stay as they are', () => {
  expect(otlpAttributes({ messaging_destination_name: 'mail', error_type: 'x', queue: 'mail' })).toEqual({
    'messaging.destination.name': 'mail',
    'error.type': 'x',
    queue: 'mail',
  });
});
