import process from 'node:process';
import { systemClock } from '@millrace/core';
import { FAULTS, type Fault, hostOf } from '@millrace/local';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Rig, startRig } from '../../bench/chaos/rig.ts';
import { type TrialResult, tryFault } from '../../bench/chaos/trial.ts';

/** Little load: these tests look at the ledger and the certificates, and at no time. */
const RATE = 60;
const STEADY_MS = 500;
const AFTER_MS = 300;

/** A rig for all tests of a file (or of a `describe`), with settings over those that every rig has. */
export function useRig(settings: Readonly<Record<string, unknown>> = {}): () => Rig {
  let rig: Rig | undefined;
  let lines = '';
  beforeAll(async () => {
    rig = await startRig(hostOf(process, process.env), {
      settings,
      note: (line) => {
        lines += `${line}\n`;
      },
    });
  }, 120_000);
  afterAll(() => rig?.stop(), 60_000);
  return () => {
    if (!rig) throw new Error(`the rig did not start\n${lines}`);
    return rig;
  };
}

/** The fault of that name. */
export function faultCalled(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (!fault) throw new Error(`there is no fault "${name}"`);
  return fault;
}

/** Makes the fault under load and expects all that it promises: nothing lost, nothing twice, no false death. */
export async function expectSurvived(rig: Rig, fault: Fault): Promise<TrialResult> {
  const signal = AbortSignal.timeout(150_000);
  const load = { rate: RATE, steadyMs: STEADY_MS, afterMs: AFTER_MS, measured: false };
  const result = await tryFault(rig, fault, { clock: systemClock, seed: 42, signal, ...load });
  expect(result.faults, JSON.stringify(result, null, 1)).toEqual([]);
  expect(result.ledger).toMatchObject({ lost: 0, duplicateCommits: 0, deadLettered: fault.deadLetters });
  return result;
}
