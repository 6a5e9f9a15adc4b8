/** Whom a service runs as, looked up: what a login would know. */

/** A user of this machine. */
export interface Account {
  /** As the config names it. */
  readonly name: string
  readonly uid: number
  /** Its primary group. */
  readonly gid: number
  /** null: the machine knows no user of this number, so it has neither a home nor further groups. */
  readonly home: string | null
}

/** A group of this machine. */
export interface UserGroup {
  /** As the config names it. */
  readonly name: string
  readonly gid: number
}
