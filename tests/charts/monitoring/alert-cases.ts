/** Series by their selectors without the release's labels, with values as promtool writes them, one a minute. */
export type Series = Readonly<Record<string, string>>;

/** When an alert must fire, and what looks like it and must not. */
export interface AlertCase {
  /** Minutes after the start at which to look. */
  readonly atMinute: number;
  readonly fires: Series;
  readonly quiet: readonly Series[];
}

const queue = (rest: Series): Series => ({
  'millrace_queue_jobs{queue="mail",state="waiting"}': '5x30',
  'millrace_queue_jobs{queue="mail",state="active"}': '0x30',
  'millrace_queue_workers{queue="mail"}': '2x30',
  'millrace_queue_paused{queue="mail"}': '0x30',
  ...rest,
});

/** One for each alert of charts/millrace/files/alerts.yaml. */
export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  MillraceProcessDown: {
    atMinute: 6,
    fires: { 'up{pod="a"}': '0x30' },
    quiet: [{ 'up{pod="a"}': '1x30' }, { 'up{pod="a"}': '0 0 0 1 0 0 0 0' }],
  },
  MillraceNoLeader: {
    atMinute: 2,
    fires: { 'millrace_supervisor_leads{pod="a"}': '0x30', 'millrace_supervisor_leads{pod="b"}': '0x30' },
    quiet: [{ 'millrace_supervisor_leads{pod="a"}': '0x30', 'millrace_supervisor_leads{pod="b"}': '1x30' }],
  },
  MillraceLeaseNotHeld: {
    atMinute: 3,
    fires: {
      'millrace_kubernetes_lease_held{pod="a"}': '0x30',
      'millrace_kubernetes_lease_held{pod="b"}': '0x30',
      'millrace_supervisor_leads{pod="b"}': '1x30',
    },
    quiet: [
      {
        'millrace_kubernetes_lease_held{pod="a"}': '0x30',
        'millrace_kubernetes_lease_held{pod="b"}': '1x30',
        'millrace_supervisor_leads{pod="b"}': '1x30',
      },
      // That nobody leads is told by MillraceNoLeader; out of a cluster there is no Lease.
      {
        'millrace_kubernetes_lease_held{pod="a"}': '0x30',
        'millrace_supervisor_leads{pod="a"}': '0x30',
      },
      { 'millrace_supervisor_leads{pod="a"}': '1x30' },
    ],
  },
  MillraceTwoLeaders: {
    atMinute: 2,
    fires: { 'millrace_supervisor_leads{pod="a"}': '1x30', 'millrace_supervisor_leads{pod="b"}': '1x30' },
    quiet: [
      {
        'millrace_supervisor_leads{pod="a"}': '1 1 1 0 0',
        'millrace_supervisor_leads{pod="b"}': '0 0 1 1 1',
      },
    ],
  },
  MillraceStoreAway: {
    atMinute: 2,
    fires: { 'millrace_store_connected{pod="a"}': '1x30', 'millrace_store_connected{pod="b"}': '0x30' },
    quiet: [
      { 'millrace_store_connected{pod="a"}': '1x30' },
      { 'millrace_store_connected{pod="a"}': '1 1 0 0' },
    ],
  },
  MillraceStoreNearlyFull: {
    atMinute: 11,
    fires: {
      'millrace_store_memory_used_bytes{pod="a"}': '71x30',
      'millrace_store_memory_max_bytes{pod="a"}': '100x30',
    },
    quiet: [
      {
        'millrace_store_memory_used_bytes{pod="a"}': '70x30',
        'millrace_store_memory_max_bytes{pod="a"}': '100x30',
      },
      // No limit is set: then there is nothing to be near to.
      {
        'millrace_store_memory_used_bytes{pod="a"}': '71x30',
        'millrace_store_memory_max_bytes{pod="a"}': '0x30',
      },
    ],
  },
  MillraceStoreRunsOut: {
    atMinute: 2,
    fires: {
      'millrace_store_memory_used_bytes{pod="a"}': '86x30',
      'millrace_store_memory_max_bytes{pod="a"}': '100x30',
    },
    quiet: [
      {
        'millrace_store_memory_used_bytes{pod="a"}': '85x30',
        'millrace_store_memory_max_bytes{pod="a"}': '100x30',
      },
    ],
  },
  MillracePoolGaveUp: {
    atMinute: 1,
    fires: {
      'millrace_pool_state{pool="p",state="open"}': '1x5',
      'millrace_pool_state{pool="p",state="running"}': '0x5',
    },
    quiet: [
      {
        'millrace_pool_state{pool="p",state="open"}': '0x5',
        'millrace_pool_state{pool="p",state="running"}': '1x5',
      },
    ],
  },
  MillracePoolAtMaximum: {
    atMinute: 16,
    fires: { 'millrace_pool_desired_replicas{pool="p"}': '12x30', 'millrace_pool_pods{pool="p"}': '10x30' },
    quiet: [
      { 'millrace_pool_desired_replicas{pool="p"}': '10x30', 'millrace_pool_pods{pool="p"}': '10x30' },
      { 'millrace_pool_desired_replicas{pool="p"}': '12x5 10x25', 'millrace_pool_pods{pool="p"}': '10x30' },
      { 'millrace_pool_desired_replicas{pool="p"}': '12x30', 'millrace_pool_pods{pool="other"}': '10x30' },
    ],
  },
  MillraceQueueWithoutWorkers: {
    atMinute: 6,
    fires: queue({ 'millrace_queue_workers{queue="mail"}': '0x30' }),
    quiet: [
      queue({}),
      queue({
        'millrace_queue_workers{queue="mail"}': '0x30',
        'millrace_queue_paused{queue="mail"}': '1x30',
      }),
      queue({
        'millrace_queue_workers{queue="mail"}': '0x30',
        'millrace_queue_jobs{queue="mail",state="waiting"}': '0x30',
      }),
      queue({ 'millrace_queue_workers{queue="mail"}': '0 0 0 2 2 2 2' }),
    ],
  },
  MillraceQueueStandsStill: {
    atMinute: 6,
    fires: queue({}),
    quiet: [
      queue({ 'millrace_queue_jobs{queue="mail",state="active"}': '0 0 1 0 0 0 0' }),
      queue({ 'millrace_queue_paused{queue="mail"}': '1x30' }),
      queue({ 'millrace_queue_workers{queue="mail"}': '0x30' }),
      queue({ 'millrace_queue_jobs{queue="mail",state="waiting"}': '0x30' }),
    ],
  },
  MillraceQueueWaitsLong: {
    atMinute: 12,
    fires: queue({ 'millrace_queue_oldest_waiting_seconds{queue="mail"}': '0+60x30' }),
    quiet: [
      queue({ 'millrace_queue_oldest_waiting_seconds{queue="mail"}': '300x30' }),
      queue({
        'millrace_queue_oldest_waiting_seconds{queue="mail"}': '0+60x30',
        'millrace_queue_paused{queue="mail"}': '1x30',
      }),
    ],
  },
  MillraceQueueNearlyFull: {
    atMinute: 11,
    fires: {
      'millrace_queue_depth{queue="mail"}': '10x30',
      'millrace_queue_bound{queue="mail"}': '1000x30',
      'millrace_queue_bytes{queue="mail"}': '850x30',
      'millrace_queue_max_bytes{queue="mail"}': '1000x30',
    },
    quiet: [
      {
        'millrace_queue_depth{queue="mail"}': '800x30',
        'millrace_queue_bound{queue="mail"}': '1000x30',
        'millrace_queue_bytes{queue="mail"}': '10x30',
        'millrace_queue_max_bytes{queue="mail"}': '0x30',
      },
    ],
  },
  MillraceQueueRefuses: {
    atMinute: 11,
    fires: { 'millrace_adds_refused_total{queue="mail",code="queue_full"}': '0+3x30' },
    quiet: [
      { 'millrace_adds_refused_total{queue="mail",code="circuit_open"}': '0+3x30' },
      { 'millrace_adds_refused_total{queue="mail",code="queue_full"}': '7x30' },
    ],
  },
  MillraceQueuePaused: {
    atMinute: 61,
    fires: {
      'millrace_queue_paused{queue="mail"}': '1x70',
      'millrace_queue_circuit_open{queue="mail"}': '0x70',
      'millrace_queue_depth{queue="mail"}': '3x70',
    },
    quiet: [
      {
        'millrace_queue_paused{queue="mail"}': '1x70',
        'millrace_queue_circuit_open{queue="mail"}': '1x70',
        'millrace_queue_depth{queue="mail"}': '3x70',
      },
      {
        'millrace_queue_paused{queue="mail"}': '1x70',
        'millrace_queue_circuit_open{queue="mail"}': '0x70',
        'millrace_queue_depth{queue="mail"}': '0x70',
      },
    ],
  },
  MillraceJobsFail: {
    atMinute: 25,
    fires: {
      'millrace_worker_jobs_total{queue="mail",outcome="ok",pod="a"}': '0+80x30',
      'millrace_worker_jobs_total{queue="mail",outcome="fail",pod="a"}': '0+20x30',
    },
    quiet: [
      {
        'millrace_worker_jobs_total{queue="mail",outcome="ok",pod="a"}': '0+95x30',
        'millrace_worker_jobs_total{queue="mail",outcome="fail",pod="a"}': '0+5x30',
      },
      {
        'millrace_worker_jobs_total{queue="mail",outcome="ok",pod="a"}': '0x30',
        'millrace_worker_jobs_total{queue="mail",outcome="fail",pod="a"}': '0x30',
      },
      {
        'millrace_worker_jobs_total{queue="mail",outcome="ok",pod="a"}': '0+80x30',
        'millrace_worker_jobs_total{queue="mail",outcome="snooze",pod="a"}': '0+80x30',
      },
    ],
  },
  MillraceDeadLettersGrow: {
    atMinute: 20,
    fires: {
      'millrace_queue_jobs{queue="mail",state="failed",pod="a"}': '0+1x10 _x20',
      'millrace_queue_jobs{queue="mail",state="failed",pod="b"}': '_x10 10+1x20',
    },
    quiet: [
      { 'millrace_queue_jobs{queue="mail",state="failed",pod="a"}': '500x30' },
      // The leader changed: another pod tells the same number.
      {
        'millrace_queue_jobs{queue="mail",state="failed",pod="a"}': '500x10 _x20',
        'millrace_queue_jobs{queue="mail",state="failed",pod="b"}': '_x10 500x20',
      },
    ],
  },
  MillraceWorkersCrash: {
    atMinute: 12,
    fires: { 'millrace_worker_deaths_total{cause="crash",pod="a"}': '0+1x30' },
    quiet: [
      { 'millrace_worker_deaths_total{cause="shutdown",pod="a"}': '0+9x30' },
      // Both supervisors tell of the same three deaths.
      {
        'millrace_worker_deaths_total{cause="crash",pod="a"}': '0x5 3x20',
        'millrace_worker_deaths_total{cause="crash",pod="b"}': '0x5 3x20',
      },
    ],
  },
  MillraceWorkersOutOfMemory: {
    atMinute: 8,
    fires: { 'millrace_worker_deaths_total{cause="oom",pod="a"}': '0x5 1x20' },
    quiet: [{ 'millrace_worker_deaths_total{cause="oom",pod="a"}': '4x30' }],
  },
  MillraceRecoveryStuck: {
    atMinute: 2,
    fires: { 'millrace_recoveries_running{pod="a"}': '1x30' },
    quiet: [{ 'millrace_recoveries_running{pod="a"}': '0 0 1 1' }],
  },
  MillraceWorkersUnlinked: {
    atMinute: 3,
    fires: { 'millrace_workers_known{pod="a"}': '4x30', 'millrace_workers_linked{pod="a"}': '3x30' },
    quiet: [
      { 'millrace_workers_known{pod="a"}': '4x30', 'millrace_workers_linked{pod="a"}': '4x30' },
      { 'millrace_workers_known{pod="a"}': '4x30', 'millrace_workers_linked{pod="a"}': '4 4 3 3' },
    ],
  },
  MillraceWorkerBlocked: {
    atMinute: 6,
    fires: { 'millrace_worker_event_loop_delay_seconds{pod="a",slot="0"}': '2x30' },
    quiet: [{ 'millrace_worker_event_loop_delay_seconds{pod="a",slot="0"}': '2 2 0.1 2 2 2 2' }],
  },
  MillraceApiErrors: {
    atMinute: 12,
    fires: {
      'millrace_http_requests_total{route="/v1/queues",status="200"}': '0+97x30',
      'millrace_http_requests_total{route="/v1/queues",status="503"}': '0+3x30',
    },
    quiet: [
      {
        'millrace_http_requests_total{route="/v1/queues",status="200"}': '0+97x30',
        'millrace_http_requests_total{route="/v1/queues",status="429"}': '0+90x30',
      },
    ],
  },
  MillraceClusterUnseen: {
    atMinute: 5,
    fires: { 'millrace_kubernetes_staleness_seconds{pod="a"}': '0 60 120 180 240 300' },
    quiet: [{ 'millrace_kubernetes_staleness_seconds{pod="a"}': '5 30 2 45 1 1' }],
  },
  MillraceTokensRefused: {
    atMinute: 3,
    fires: { 'millrace_tokens_file_refused{pod="a"}': '1x30' },
    quiet: [{ 'millrace_tokens_file_refused{pod="a"}': '0x30' }],
  },
  MillraceStoreBusy: {
    atMinute: 12,
    fires: {
      'millrace_store_main_cpu_seconds_total{pod="a",node="store:6379"}': '0+58x30',
      'millrace_store_main_cpu_seconds_total{pod="b",node="store:6379"}': '0+58x30',
    },
    quiet: [
      { 'millrace_store_main_cpu_seconds_total{pod="a",node="store:6379"}': '0+50x30' },
      // Busy for a moment: it was given ten thousand jobs.
      {
        'millrace_store_main_cpu_seconds_total{pod="a",node="store:6379"}':
          '0 1 2 3 4 5 6 7 66 67 68 69 70 71',
      },
    ],
  },
  MillraceStoreDiskSlow: {
    atMinute: 12,
    fires: { 'millrace_store_delayed_fsyncs_total{pod="a",node="store:6379"}': '0+2x30' },
    quiet: [{ 'millrace_store_delayed_fsyncs_total{pod="a",node="store:6379"}': '5x30' }],
  },
  MillraceJobsStall: {
    atMinute: 4,
    fires: { 'jobqueue_stalled_total{pod="a",queue="mail"}': '0 0 0 1 1' },
    quiet: [{ 'jobqueue_stalled_total{pod="a",queue="mail"}': '3x30' }],
  },
  MillraceLocksNotRenewed: {
    atMinute: 4,
    fires: { 'jobqueue_lock_renewal_failed_total{pod="a",queue="mail"}': '0 0 0 4 4' },
    quiet: [{ 'jobqueue_lock_renewal_failed_total{pod="a",queue="mail"}': '4x30' }],
  },
  MillraceTelemetryDrops: {
    atMinute: 20,
    fires: { 'millrace_telemetry_spans_dropped_total{pod="a",reason="refused"}': '0+60x30' },
    quiet: [
      { 'millrace_telemetry_spans_dropped_total{pod="a",reason="refused"}': '7x30' },
      // The collector was begun anew.
      { 'millrace_telemetry_metric_pushes_total{pod="a",outcome="failed"}': '0 1 2 2 2 2x30' },
    ],
  },
};
