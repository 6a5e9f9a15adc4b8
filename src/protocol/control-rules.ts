import type { ProgramRules } from './program.ts'
import type { Role } from './principal.ts'

/** Who may come over the network, and what may be run for them: what a reload takes over at once. */

/** A token, and what whoever has it may do. */
export interface Credential {
  /** Its bearer is `token:<name>` in facts and logs. */
  readonly name: string
  readonly token: string
  readonly role: Role
}

export interface AccessRules {
  /** An admin's, by the name of `supervisor`; null: there is none of this name. */
  readonly token: string | null
  /** Further ones. With no token at all, whoever is on this machine may come without one, and nobody else may. */
  readonly tokens?: readonly Credential[]
  /** The control verbs that callers over the network may use; null = all. */
  readonly allowedCommands: readonly string[] | null
}

/** What proves to clients who a listener is, PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** Clients must show a certificate of one of these; null: they need none. */
  readonly ca: string | null
}

export interface ControlRules {
  readonly access: AccessRules
  readonly programs: ProgramRules
  /** Origins of web pages that may call over HTTP, beside our own. */
  readonly allowedOrigins: readonly string[]
  /** Names by which callers may reach us over HTTP, beside our own; in lower case. */
  readonly allowedHosts: readonly string[]
  /** By the name of the listener. */
  readonly certificates: Readonly<Record<string, Certificate>>
}
