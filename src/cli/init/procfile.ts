import { namer, type Finding, type ServicePlan } from './plan.ts'
import { commandOf } from '../shell-words.ts'

/** Who runs Procfiles gives the processes a port each: 5000, 5100 and so on. */
const firstPort = 5000
const portStep = 100

/** The processes of a Procfile: `name: command` a line. */
export function readProcfile(text: string): Finding | undefined {
  const nameOf = namer()
  const notes: string[] = []
  const services = text.split(/\r?\n/).flatMap((line, index): ServicePlan[] => {
    if (/^\s*(?:#|$)/.test(line)) return []
    const [, written = '', command = ''] = /^\s*([^:\s][^:]*?)\s*:\s*(\S.*)$/.exec(line) ?? []
    if (command === '') {
      notes.push(`Procfile:${index + 1}: is no \`name: command\`; left out`)
      return []
    }
    return [{ name: nameOf(written), ...commandOf(command), ...(written === 'release' ? releasePhase : {}) }]
  })
  if (services.length === 0) return undefined
  return { from: 'Procfile', services: services.map(withPort), notes }
}

function withPort(service: ServicePlan, index: number): ServicePlan {
  const needsPort = service.args.some((word) => /\$\{?PORT\b/.test(word))
  return needsPort ? { ...service, env: { PORT: String(firstPort + index * portStep) } } : service
}

const releasePhase = { oneShot: true, aside: 'the release phase is for a deployment' } as const
