import { readdirSync, readlinkSync } from 'node:fs'
import { isIP } from 'node:net'
import { endianness } from 'node:os'
import { limits } from '../protocol/limits.ts'
import { readKernelText, withDescriptor } from './kernel-file.ts'
import { allPids, hasProc } from './proc.ts'

export interface PortHolder {
  readonly pid: number
  /** Its command line, cut. */
  readonly command: string
}

/** Who listens on a TCP port of this machine, so that this host has it no more; null where it can't be told: another user's process, or not Linux. */
export function portHolder(host: string, port: number): PortHolder | null {
  if (!hasProc) return null
  try {
    const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listening(table, host, port)).map((inode) => `socket:[${inode}]`))
    const pid = sockets.size === 0 ? undefined : ownerOf(sockets)
    return pid === undefined ? null : { pid, command: commandOf(pid) }
  } catch {
    return null
  }
}

/** An IPv4 address as the table writes it; undefined: what is in its way can't be told by the address. */
function writtenAs(host: string): string | undefined {
  const address = host.toLowerCase() === 'localhost' ? '127.0.0.1' : host
  if (isIP(address) !== 4 || address === '0.0.0.0') return undefined
  const bytes = Buffer.from(address.split('.').map(Number))
  return Buffer.from(endianness() === 'LE' ? bytes.toReversed() : bytes)
    .toString('hex')
    .toUpperCase()
}

/** The inodes of the sockets that listen on a port, and not on another address than this. */
function listening(table: string, host: string, port: number): string[] {
  let text: string
  try {
    text = readKernelText(`/proc/net/${table}`)
  } catch {
    // A kernel without IPv6.
    return []
  }
  const digits = port.toString(16).toUpperCase().padStart(4, '0')
  const address = writtenAs(host)
  const inTheWay = (local: string): boolean =>
    local.endsWith(`:${digits}`) && (address === undefined || local.startsWith(address) || /^0+:/.test(local))
  return text.split('\n').flatMap((line) => {
    // sl, local address, remote address, state (0A: it listens), …, inode
    const fields = line.trim().split(/\s+/)
    return fields[1] !== undefined && inTheWay(fields[1]) && fields[3] === '0A' && fields[9] !== undefined ? [fields[9]] : []
  })
}

function ownerOf(sockets: ReadonlySet<string>): number | undefined {
  let looks = 0
  for (const pid of allPids()) {
    let descriptors: string[]
    try {
      descriptors = withDescriptor(() => readdirSync(`/proc/${pid}/fd`))
    } catch {
      // Not ours to look at, or it has ended.
      continue
    }
    for (const descriptor of descriptors) {
      if (++looks > limits.portHolderLooks) return undefined
      try {
        if (sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`))) return pid
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return undefined
}

/** Control characters are somebody else's choice and would reach a terminal. */
function commandOf(pid: number): string {
  try {
    const words = Buffer.from(readKernelText(`/proc/${pid}/cmdline`), 'latin1').toString('utf8')
    const line = words.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
    if (line !== '') return line.length > limits.portHolderText ? `${line.slice(0, limits.portHolderText - 1)}…` : line
  } catch {
    // It has ended meanwhile.
  }
  return 'another program'
}
