import * as z from 'zod'
import { query } from '../protocol/command.ts'
import { healthReport } from '../protocol/health.ts'

export const systemHealth = query({
  name: 'system.health',
  summary: 'Is it alive, and does everything run that should?',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: healthReport,
  read: (view) => view.health(),
})
