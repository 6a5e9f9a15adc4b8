import type { Banner } from '../../protocol/banner.ts'
import type { ActorStatus, FleetStatus } from '../../protocol/status.ts'
import type { Style } from '../render/paint.ts'
import { withLines } from './log-scroll.ts'
import type { Action, Explanation, Figures, Model, Rights } from './model.ts'
import { withSample } from './sparkline.ts'

/** What the screen hears, and what that makes of it. */

export type Heard =
  /** `at` is wall clock, ms; `sample`: these are the figures of a new moment. */
  | { readonly type: 'fleet'; readonly fleet: FleetStatus; readonly at: number; readonly sample: boolean }
  | { readonly type: 'banner'; readonly banner: Banner }
  | { readonly type: 'rights'; readonly rights: Rights | null }
  | { readonly type: 'linked' }
  | { readonly type: 'lost'; readonly since: number; readonly because: string }
  /** `fresh`: forget what was known of them. */
  | { readonly type: 'actors'; readonly fresh: boolean; readonly actors: readonly ActorStatus[] }
  | { readonly type: 'lines'; readonly of: string; readonly lines: readonly string[] }
  | { readonly type: 'explained'; readonly explanation: Explanation }
  | { readonly type: 'asked'; readonly action: Action; readonly services: readonly string[] }
  | { readonly type: 'answered'; readonly services: readonly string[]; readonly text: string; readonly style: Style }
  | { readonly type: 'told'; readonly text: string; readonly style: Style }

function sampled(before: ReadonlyMap<string, Figures>, { services }: FleetStatus): ReadonlyMap<string, Figures> {
  return new Map(
    Object.entries(services).map(([name, { cpu_percent: cpu, memory_mb: memory }]) => {
      const figures = before.get(name)
      return [name, { cpu: withSample(figures?.cpu, cpu), memory: withSample(figures?.memory, memory) }]
    }),
  )
}

export function hear(model: Model, heard: Heard): Model {
  const { view } = model
  switch (heard.type) {
    case 'fleet': {
      const { fleet, at, sample } = heard
      return { ...model, fleet, at, figures: sample ? sampled(model.figures, fleet) : model.figures }
    }
    case 'banner':
      return { ...model, banner: heard.banner }
    case 'rights':
      return { ...model, rights: heard.rights }
    case 'linked': {
      const back = model.link.state === 'lost' ? { told: { text: 'connected again', style: 'green' as const } } : {}
      return { ...model, ...back, link: { state: 'up' } }
    }
    case 'lost': {
      const { because } = heard
      const since = model.link.state === 'lost' ? model.link.since : heard.since
      return { ...model, link: { state: 'lost', since, because } }
    }
    case 'actors': {
      const actors = new Map(heard.fresh ? [] : model.actors)
      for (const actor of heard.actors) {
        if (actor.live) actors.set(actor.address, actor)
        else actors.delete(actor.address)
      }
      return { ...model, actors }
    }
    case 'lines':
      return view.type === 'logs' && view.of === heard.of ? { ...model, view: withLines(view, heard.lines) } : model
    case 'explained': {
      const { explanation } = heard
      return view.type === 'explain' && view.of === explanation.service ? { ...model, view: { ...view, explanation } } : model
    }
    case 'asked':
      return { ...model, told: undefined, working: [...model.working, { action: heard.action, services: heard.services }] }
    case 'answered':
      return {
        ...model,
        working: model.working.filter(({ services }) => services !== heard.services),
        told: { text: heard.text, style: heard.style },
      }
    case 'told':
      return { ...model, told: { text: heard.text, style: heard.style } }
  }
}
