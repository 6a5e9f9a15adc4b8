import * as z from 'zod'
import { query } from '../protocol/command.ts'

export const systemMetrics = query({
  name: 'system.metrics',
  summary: 'What can be counted and measured, in the text format of Prometheus.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: z.object({ content_type: z.string(), text: z.string() }),
  read: (view) => view.metrics(),
})
