import * as z from 'zod'
import { query, stream } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { chart, inspectedContexts, inspectionItem, type InspectionItem } from '../protocol/inspection.ts'
import { limits } from '../protocol/limits.ts'

const position = z.strictObject({
  run: z.string().max(limits.nameLength).describe('as the last begin said'),
  seq: z.number().int().min(0).describe('of the last record, or of begin where none came'),
})

export const inspectionWatch = stream({
  name: 'inspection.watch',
  summary: 'Every actor with its chart and state, then each event, transition and end as it happens.',
  permission: 'fleet.read',
  errors: [],
  policy: 'newest',
  resumable: {
    // The third part: how many actors are still to be told. Before that there is nothing to go on from.
    place(before, item) {
      const told = item as InspectionItem
      if (told.type === 'begin') return [told.run, told.seq, told.resumed ? 0 : told.actors].join(':')
      const [run = '', seq = '', left = ''] = before?.split(':') ?? []
      if (told.type === 'actors') return [run, seq, Math.max(0, Number(left) - told.actors.length)].join(':')
      return [run, Math.max(Number(seq), told.records.at(-1)?.seq ?? 0), left].join(':')
    },
    input(place) {
      const [, run = '', seq, left] = /^([^:]+):(\d{1,15}):(\d{1,15})$/.exec(place) ?? []
      if (run === '') return undefined
      return left === '0' ? { after: { run, seq: Number(seq) } } : {}
    },
  },
  input: z.strictObject({
    after: position.optional().describe('go on where an earlier watch ended; begin tells whether that is possible'),
    history: z.number().int().min(0).max(limits.inspectionRecords).default(0).describe('so many of the last records, too'),
  }),
  output: inspectionItem,
  open: (_view, { after, history }) => ({ source: 'inspection', after: after ?? null, history }),
})

export const inspectionChart = query({
  name: 'inspection.chart',
  summary: 'The statechart that actors follow, by its hash: states, transitions, guards and actions.',
  permission: 'fleet.read',
  errors: ['not_found'],
  input: z.strictObject({
    hash: z
      .string()
      .min(1)
      .max(64)
      .meta({ examples: ['3fJq0aZx'] }),
  }),
  output: chart,
  read(view, { hash }) {
    const found = view.chart(hash)
    if (found === undefined) throw new HyphaeError('not_found', `there is no chart "${hash}"`, { field: 'hash', got: hash })
    return found
  },
})

export const inspectionContext = query({
  name: 'inspection.context',
  summary: 'What actors keep in their contexts now, without secrets.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({
    actors: z
      .array(z.string().min(1).max(200))
      .max(limits.inspectedContexts)
      .optional()
      .describe('by their ids; without it all of them'),
  }),
  output: inspectedContexts,
  read: (view, { actors }) => view.contexts(actors ?? null),
})
