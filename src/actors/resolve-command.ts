import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../protocol/errors.ts'

/**
 * Finds the file that a command means, as execvp would. We do it ourselves, because behind a shell that first joins a cgroup
 * "no such program" would look like a program that ran and ended with 127.
 */
export type Resolved = { readonly path: string } | { readonly because: string }

/** What execvp searches when PATH is not set. */
const defaultPath = '/bin:/usr/bin'

export function resolveCommand(command: string, workingDir: string, environment: NodeJS.ProcessEnv): Resolved {
  const misplaced = flawOfDirectory(workingDir)
  if (misplaced !== null) return { because: `the working directory ${workingDir} ${misplaced}` }
  if (command === '') return { because: 'the command is empty' }
  if (command.includes('/')) {
    const path = resolve(workingDir, command)
    const flaw = flawOf(path)
    return flaw === null ? { path } : { because: `${path} ${flaw}` }
  }
  const searched = environment['PATH'] ?? defaultPath
  let near: string | null = null
  for (const dir of searched.split(':')) {
    const path = resolve(workingDir, dir, command)
    const flaw = flawOf(path)
    if (flaw === null) return { path }
    if (flaw !== missing && flaw !== hidden) near ??= `${path} ${flaw}`
  }
  return { because: near ?? `the command "${command}" was not found in PATH (${searched})` }
}

function statOf(path: string): 'missing' | 'directory' | 'file' | 'other' {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'missing'
  if (stats.isDirectory()) return 'directory'
  return stats.isFile() ? 'file' : 'other'
}

function flawOfDirectory(path: string): string | null {
  try {
    const kind = statOf(path)
    if (kind === 'missing') return 'does not exist'
    if (kind !== 'directory') return 'is not a directory'
    accessSync(path, constants.X_OK)
    return null
  } catch (error) {
    return systemCode(error) === 'ENOTDIR' ? 'does not exist' : `can't be entered (${systemCode(error)})`
  }
}

const missing = 'was not found'
const hidden = "can't be looked at: a directory on the way may not be entered"

/** Why it can't be executed; null when it can. */
function flawOf(path: string): string | null {
  try {
    const kind = statOf(path)
    if (kind === 'missing') return missing
    if (kind === 'directory') return 'is a directory, not a program'
    if (kind !== 'file') return 'is not a regular file'
  } catch (error) {
    // A file where PATH names a directory is no match; a directory that we may not enter may hold one.
    return systemCode(error) === 'ENOTDIR' ? missing : hidden
  }
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'is not executable'
  }
  const interpreter = interpreterOf(path)
  if (interpreter === null) return null
  try {
    accessSync(interpreter, constants.X_OK)
    return null
  } catch (error) {
    return `asks for the interpreter ${interpreter}, which ${systemCode(error) === 'EACCES' ? 'is not executable' : missing}`
  }
}

const head = Buffer.alloc(256)

/** The absolute path after `#!`, where the file begins with one. */
function interpreterOf(path: string): string | null {
  let size = 0
  try {
    const descriptor = openSync(path, 'r')
    try {
      size = readSync(descriptor, head, 0, head.length, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // A program may be executable without being readable.
    return null
  }
  const match = /^#![ \t]*(\/[^\s\0]+)/.exec(head.toString('latin1', 0, size))
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'latin1').toString('utf8')
}
