import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { systemCode } from '../protocol/errors.ts'
import { readKernelText, withDescriptor } from './kernel-file.ts'

/** What one does with the directories of a cgroup file system. */

/** The cgroup of a process in a hierarchy: one line each, `id:controllers:path`; v2 has the id 0 and no controllers. */
export function cgroupPath(text: string, hierarchy: string): string | undefined {
  for (const line of text.split('\n')) {
    const [id, controllers, ...path] = line.split(':')
    const wanted = hierarchy === 'unified' ? id === '0' : controllers?.split(',').includes(hierarchy) === true
    if (wanted && path.length > 0) return path.join(':')
  }
  return undefined
}

export const readCgroups = (pid: number | 'self'): string => {
  try {
    return readKernelText(`/proc/${pid}/cgroup`)
  } catch {
    return ''
  }
}

export const makeDir = (dir: string): void => {
  try {
    mkdirSync(dir)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

/** False while something is inside. */
export function removeDir(dir: string): boolean {
  try {
    rmdirSync(dir)
    return true
  } catch (error) {
    return systemCode(error) === 'ENOENT'
  }
}

/** Writes to a file that must be there already. False where it is not, or the kernel refuses. */
export function writeKernelFile(path: string, text: string): boolean {
  try {
    withDescriptor(() => writeFileSync(path, text, { flag: 'r+' }))
    return true
  } catch {
    return false
  }
}
