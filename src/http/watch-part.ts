import type { Answer, ApiPart, Operation } from './api-part.ts'
import { failures } from './failures.ts'

/** What the document of the API says of those paths that watchers look at. */

const text = (description: string): Answer => ({ description, content: { 'text/plain': { schema: { type: 'string' } } } })
const report = (description: string): Answer => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' } }, 'application/json': { schema: { type: 'object' } } },
})
const probe = (name: string, summary: string): Operation => ({
  operationId: name,
  summary: `${summary} With \`?verbose\` why, for those who may read the fleet.`,
  tags: ['watching'],
  security: [],
  responses: { '200': report('yes'), '503': report('no'), ...failures(['unauthorized', 'forbidden']) },
})
export const watchPart: ApiPart = {
  tag: { name: 'watching', description: 'For those who watch us' },
  paths: {
    '/healthz': { get: probe('healthz', 'Does it live?') },
    '/readyz': { get: probe('readyz', 'Is everything there that should be?') },
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'What can be counted and measured, in the text format of Prometheus.',
        tags: ['watching'],
        'x-permission': 'fleet.read',
        responses: {
          '200': text('the metrics'),
          ...failures(['unauthorized', 'forbidden', 'overloaded', 'shutting_down', 'unavailable']),
        },
      },
    },
  },
}
