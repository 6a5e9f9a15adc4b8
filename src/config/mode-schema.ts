import * as z from 'zod'
import { bareText, block, filledText, text, variables } from './fields.ts'

/** A mode as it is written. */

const serviceName = z.string({ error: 'the name of a service' })
const args = z.array(bareText, { error: 'a list of arguments' })

const servicesExpected = 'a list of services, or a map of service to args and env'

const modeBlock = block({
  description: text.optional().describe('One line for people.'),
  env: variables.optional().describe("Environment variables of every service in this mode, before the service's own."),
  args: z
    .union([args, z.record(z.string(), args)], { error: 'a list of arguments, or a map of service to list' })
    .optional()
    .describe('Arguments in place of the configured ones: a list is for the default service, a map names services.'),
  services: z
    .union(
      [
        z.array(serviceName),
        z.record(
          z.string(),
          z.union(
            [
              block({
                args: args.optional().describe('Its arguments in this mode, in place of the configured ones.'),
                env: variables.optional().describe('Its variables in this mode, on top of all others.'),
              }),
              z.null(),
            ],
            { error: 'a map with args and env' },
          ),
        ),
      ],
      { error: servicesExpected },
    )
    .optional()
    .describe('Services that run in this mode, as if their modes named it: a list, or a map of service to args and env.'),
  features: z.array(filledText).optional().describe('What a user interface shows in this mode.'),
  hidden_features: z.array(filledText).optional().describe('What it does not show.'),
})

export const modesSchema = z.record(z.string(), z.union([modeBlock, z.null()], { error: 'a map, or nothing' }))

export type WrittenMode = z.output<typeof modeBlock>
