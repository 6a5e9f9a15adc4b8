import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { createOrchestrator } from '../../src/orchestrator.ts'
import type { OrchestratorOptions } from '../../src/options.ts'
import type { CommandName, Commands } from '../../src/commands/registry.ts'
import { HyphaeError } from '../../src/protocol/errors.ts'
import type { Fact, FactType } from '../../src/protocol/facts.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import type { ServiceSpec, ServiceStatus } from '../../src/protocol/service.ts'
import type * as z from 'zod'
import { eventually } from './eventually.ts'

const admin: Principal = { name: 'test', via: 'test', role: 'admin' }

/**
 * A whole orchestrator with real processes, in a folder of its own or in that of an earlier one. `end` leaves nothing
 * behind, `leave` everything.
 */
export async function startFleet(services: readonly ServiceSpec[], options: Partial<OrchestratorOptions> = {}) {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'hyphae-fleet-'))
  const orchestrator = createOrchestrator({ services, stateDir, listeners: [], environment: process.env, ...options })
  const facts: Fact[] = []
  orchestrator.onFact((fact) => facts.push(fact))
  await orchestrator.start()

  const status = (name: string): ServiceStatus => {
    const found = orchestrator.view.service(name)
    if (found === undefined) throw new Error(`there is no service ${name}`)
    return found
  }
  async function call<N extends CommandName>(
    name: N,
    input: z.input<Commands[N]['input']>,
    principal: Principal = admin,
  ): Promise<z.output<Commands[N]['output']>> {
    const reply = await orchestrator.gateway.invoke(principal, name, input)
    if (!reply.ok) throw new HyphaeError(reply.error.code, reply.error.message, reply.error.data)
    return reply.output as z.output<Commands[N]['output']>
  }
  return {
    orchestrator,
    stateDir,
    facts,
    status,
    call,
    factsAbout: (name: string): FactType[] => facts.filter(({ about }) => about === `service.${name}`).map(({ type }) => type),
    until: (name: string, state: string) => eventually(() => expect(status(name).state).toBe(state), 20_000),
    /** Waits for the n-th fact of a kind about a service. */
    fact: (name: string, type: FactType, nth = 1) =>
      eventually(() => {
        const found = facts.filter((fact) => fact.about === `service.${name}` && fact.type === type)[nth - 1]
        if (found === undefined) throw new Error(`no ${type} number ${nth} about ${name} yet`)
        return found
      }, 20_000),
    /** Ends the orchestrator alone. */
    leave: (): Promise<void> => orchestrator.close(),
    async end(): Promise<void> {
      await orchestrator.shutdown('the test')
      await orchestrator.close()
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}
export type Fleet = Awaited<ReturnType<typeof startFleet>>
