import type { ReadonlySignal, Signal } from '@preact/signals'
import type { Client } from '../../../src/client/browser.ts'
import type { ActorRow, Chart, InspectionRecord } from '../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../layout/layout.ts'

/** What every part of the page reads, and the few things that it may do. One object, made in main.tsx, given to each view. */

/** How it stands between the page and what it shows. */
export type Link =
  | { readonly state: 'connecting' }
  /** A token is needed; `why`: what became of the last one. */
  | { readonly state: 'login'; readonly why: string | null }
  | { readonly state: 'live' }
  /** What was known stays on the page; it is tried again. */
  | {
      readonly state: 'lost'
      readonly why: string
      /** Wall clock of the page, ms. */
      readonly since: number
      /** When it is tried again, likewise; absent: it is being tried. */
      readonly retryAt?: number
    }
  /** A recording from a disk: there is no server. */
  | { readonly state: 'file'; readonly name: string }

export interface Me {
  readonly name: string
  readonly role: string
  /** What is not among these is not offered. */
  readonly commands: ReadonlySet<string>
}

/** The fleet at the moment that is shown: now, or the one that was scrubbed back to. */
export interface Shown {
  /** What stands after the record of this number. */
  readonly seq: number
  /** Wall clock, ms. */
  readonly at: number
  /** By id. The same map every time: read it, and do not keep it. */
  readonly actors: ReadonlyMap<string, ActorRow>
  /** The last step of an actor, for the edge that lights up. */
  lastStep(actor: string): (InspectionRecord & { readonly type: 'step' }) | undefined
}

export type ContextView =
  | { readonly state: 'loading' }
  | { readonly state: 'known'; readonly context: unknown }
  | { readonly state: 'unknown'; readonly why: string }

export interface Inspector {
  readonly link: ReadonlySignal<Link>
  /** null: not known yet, or there is no server. */
  readonly me: ReadonlySignal<Me | null>
  /** A new object at most once a frame, when anything has changed. */
  readonly shown: ReadonlySignal<Shown>
  /** All that is known of what happened, oldest first; grows at its end (and loses its oldest beyond a bound). */
  readonly records: ReadonlySignal<{ readonly list: readonly InspectionRecord[] }>
  /** null: live. Else the number of the record after which the fleet is shown. */
  readonly moment: Signal<number | null>
  /** May anything be driven now? Live, and not in the past. */
  readonly driving: ReadonlySignal<boolean>
  /** The id of the actor that is looked at. */
  readonly selected: ReadonlySignal<string | null>
  /** By id; changes the address bar (`#/service.web`). null: none. */
  select(actor: string | null): void
  /** The one at this address now, among the live first. */
  find(address: string): ActorRow | undefined
  /** `service.web`, or for a part of it `process.web › probe`. */
  nameOf(actor: string): string
  /** At the moment that is shown. */
  context(actor: string): ReadonlySignal<ContextView>
  chart(hash: string): Promise<Chart>
  layout(chart: Chart): Promise<ChartLayout>
  /** null: there is no server (a recording, or it is not reached now). */
  readonly client: ReadonlySignal<Client | null>
  /** The same server over HTTP, with the token that was given: `/openapi.json`. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Says something at the foot of the page for a while, and to screen readers. */
  say(text: string, kind?: 'info' | 'error'): void
}
