import type { Log, Outcome } from '@millrace/core';
import { contextOf } from './handler-context.ts';
import type { Lane, LaneRun } from './lane.ts';
import { outcomeOf } from './outcome-of.ts';

