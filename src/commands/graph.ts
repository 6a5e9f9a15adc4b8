import * as z from 'zod'
import { query } from '../protocol/command.ts'
import { dependencyConditions, phaseSchema } from '../protocol/service.ts'
import { several } from '../protocol/several.ts'
import { severalOf } from './names.ts'

const dependency = z.object({ service: z.string(), condition: z.enum(dependencyConditions) })

export const serviceGraph = query({
  name: 'service.graph',
  summary: 'Which service needs which, and how each stands.',
  permission: 'fleet.read',
  errors: [],
  input: z.strictObject({}),
  output: z.object({
    services: z.array(z.object({ name: z.string(), state: z.string(), phase: phaseSchema, depends_on: z.array(dependency) })),
    several: z.array(several).describe('names that mean several of them: of a service with instances, or of a group'),
  }),
  read(view) {
    const services = view.serviceNames().flatMap((name) => {
      const status = view.service(name)
      const spec = view.serviceDetail(name)?.spec
      if (status === undefined || spec === undefined) return []
      return [{ name, state: status.state, phase: status.phase, depends_on: [...spec.dependsOn] }]
    })
    return { services, several: severalOf(view) }
  },
})
