import type { TargetView } from '../../src/machines/restart-vocabulary.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'

/** A service that runs, as a restart of it sees it. */
export const targetOf = (spec: ServiceSpec): TargetView => ({
  op: null,
  generation: 1,
  readyGeneration: 1,
  desired: 'run',
  state: 'live.running.healthy',
  pid: 7,
  incarnation: 'run.1.1',
  because: null,
  blocked: false,
  spec,
  setting: { spec, overrides: null, back: null },
  lapsed: null,
})
