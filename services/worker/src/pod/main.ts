import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLog, keepCompiled, messageOf, newStartId, systemClock } from '@millrace/core';
import { unreadableFile } from '@millrace/telemetry';
import { countOutput } from '../autopsy/child-output.ts';
import { openMemoryGroup } from '../autopsy/memory-group.ts';
import { readSettings } from '../settings.ts';
import { childOptions } from './child-options.ts';
import { childSpawner } from './child-process.ts';
import { createDyingWatch } from './dying-watch.ts';
import { kubernetesPod } from './kubernetes-pod.ts';
import { createPod } from './pod.ts';
import { createSpanIntake } from './span-intake.ts';

keepCompiled();
const { values } = parseArgs({
  options: { pod: { type: 'string' }, pool: { type: 'string', default: 'default' } },
});

/**
 * With compiled code at hand a standby is warm in half the time, and takes half as much from the jobs beside it.
 * A folder that cannot be written is no fault: Node then compiles as ever.
 */
function childEnv(): NodeJS.ProcessEnv {
  const folder = fileURLToPath(new URL('../../../../node_modules/.cache/millrace', import.meta.url));
  return { NODE_COMPILE_CACHE: folder, ...process.env };
}

async function main(): Promise<void> {
  // A pod that nobody named makes its own name; it is as new as a start.
  const id = values.pod ?? newStartId('pod');
  const { config, linkKey, telemetry } = readSettings(process.env, id, unreadableFile);
  const log = createLog('pod', config.log.level).child({ pod: id });
  const spans = telemetry.traces === null ? null : createSpanIntake(telemetry, { clock: systemClock, log });
  const outputs = countOutput(process.stderr);
  const memory = openMemoryGroup();
  const pod = createPod(
    config,
    {
      id,
      pool: values.pool,
      pid: process.pid,
      linkKey,
      k8s: kubernetesPod(config.kubernetes),
    },
    {
      spawn: childSpawner({
        pod: id,
        pool: values.pool,
        env: childEnv(),
        output: outputs.output,
        dying: createDyingWatch(systemClock),
        memory,
        nodeOptions: childOptions(config, memory.limitBytes() !== null),
        spans,
        clock: systemClock,
      }),
      clock: systemClock,
      log,
      spans,
      telemetry,
      outputBytes: outputs.bytes,
      onReady: () => process.send?.({ type: 'ready', ports: { health: pod.healthPort } }),
      onEnd: (code) => process.exit(code),
      killSelf: () => process.kill(process.pid, 'SIGKILL'),
    },
  );

  // Ctrl-C reaches us from the terminal and again, as SIGTERM, from the launcher: one wish, told twice.
  // Only the same signal once more means that somebody has no patience.
  const seen = new Set<string>();
  const onSignal = (signal: string) => {
    pod.drain(seen.has(signal) ? 0 : config.drain.timeoutMs);
    seen.add(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // The launcher is dead, and the store may be next: hand back what does not end at once.
  process.on('disconnect', () => pod.drain(config.drain.noticeMs));
  // Loading held the event loop: what was told meanwhile is heard now, and not after the processes are forked.
  await turn();
  await pod.start();
}

main().catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
