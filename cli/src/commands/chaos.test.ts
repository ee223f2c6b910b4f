import type { DeathCertificate } from '@millrace/core';
import type { FaultReport } from '@millrace/local';
import { describe, expect, it } from 'vitest';
import type { Host } from '../call.ts';
import { runCommand } from '../testing/host.ts';

const certificate: DeathCertificate = {
  ...{
    worker: 'pod-1.abcdef',
    pod: 'pod-1',
    pid: 7,
    slot: 0,
    cause: 'killed' as const,
    blame: 'unknown' as const,
  },
  ...{ exitCode: null, exitSignal: 'SIGKILL', diedAtMs: 1, certifiedAtMs: 2, evidence: [], lastLines: [] },
  ...{ peakRssBytes: null, memoryLimitBytes: null, beats: [] },
};

const report: FaultReport = {
  fault: 'worker-kill',
  what: 'SIGKILL of worker pod-1.abcdef (process 7)',
  harmedAtMs: 1,
  tookMs: 1_100,
  recoveries: [
    {
      ...{
        id: 'pod-1.abcdef',
        certificate,
        diedAtMs: 1,
        detectMs: 1,
        fenceMs: 2,
        reclaimMs: 3,
        respawnMs: 4,
      },
      ...{ firstOrphanMs: 5, lastOrphanMs: 6, orphans: { chaos: ['1'] }, state: 'done' as const },
    },
  ],
  sawJobs: true,
  faults: [],
};

/** A platform that was asked about `questions` and struck `struck` times. */
function platform(outcome: FaultReport = report) {
  const questions: string[] = [];
  const struck: string[] = [];
  const chaos: Host['chaos'] = async () => ({
    listFaults: async () => [{ name: 'worker-kill', summary: 'SIGKILL of a worker', unavailable: null }],
    makeFault: async (name, { confirm }) => {
      questions.push(name);
      if (await confirm('Sure?')) struck.push(name);
      return outcome;
    },
  });
  return { chaos, questions, struck };
}

describe('millrace chaos', () => {
  it('lists the faults', async () => {
    const { out, code } = await runCommand('', ['chaos', 'list'], platform());
    expect(code).toBe(0);
    expect(out).toContain('worker-kill');
  });

  it('makes none where nobody can be asked and nobody has said --yes', async () => {
    const { chaos, struck } = platform();
    const { code, err } = await runCommand('', ['chaos', 'run', 'worker-kill'], { chaos });
    expect(code).toBe(2);
    expect(err).toContain('--yes');
    expect(struck).toEqual([]);
  });

  it('makes one with --yes, and tells what it did and who was recovered', async () => {
    const { chaos, struck } = platform();
    const { code, out } = await runCommand('', ['chaos', 'run', 'worker-kill', '--yes'], { chaos });
    expect(code).toBe(0);
    expect(struck).toEqual(['worker-kill']);
    expect(out).toContain('Done: SIGKILL of worker pod-1.abcdef (process 7).');
    expect(out).toContain('killed');
  });

  it('says on stderr that little was shown where no job ran', async () => {
    const argv = ['chaos', 'run', 'worker-kill', '--yes'];
    expect((await runCommand('', argv, platform())).err).toBe('');
    const idle = await runCommand('', argv, platform({ ...report, sawJobs: false }));
    expect(idle.code).toBe(0);
    expect(idle.err).toBe(
      'No job was seen to run while the fault was made, so this shows little: enqueue some first ("millrace enqueue").\n',
    );
  });

  it('lists none without a platform: one sentence, and exit code 1', async () => {
    const { code, out, err } = await runCommand('', ['chaos', 'list', '--dir', '/nowhere/at/all']);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err.match(/No platform runs from the folder/g)).toHaveLength(1);
  });

  it('answers with one document under --json, and fails when something was not as promised', async () => {
    const { chaos } = platform({ ...report, faults: ['its zombie lives on'] });
    const { code, out } = await runCommand('', ['--json', 'chaos', 'run', 'worker-kill', '-y'], { chaos });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ fault: 'worker-kill', faults: ['its zombie lives on'] });
  });
});
