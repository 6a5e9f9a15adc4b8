import { closeSync, readdirSync } from 'node:fs'
import process from 'node:process'
import { readKernelText } from './kernel-file.ts'

const closeOnExec = 0o2000000

/**
 * Closes what we inherited by accident and would hand on to every child: libuv guards only the descriptors that it opened.
 * Done first thing in main. Kept: what a service manager passed on purpose, and the channel to a Node parent.
 */
export function closeInheritedDescriptors(): void {
  const kept = keptDescriptors()
  for (const descriptor of openDescriptors()) {
    if (descriptor <= 2 || kept.has(descriptor)) continue
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readKernelText(`/proc/self/fdinfo/${descriptor}`))
      if (flags?.[1] === undefined || (Number.parseInt(flags[1], 8) & closeOnExec) !== 0) continue
      closeSync(descriptor)
    } catch {
      // It was the one that listed the others.
    }
  }
}

function openDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fdinfo').map(Number)
  } catch {
    return []
  }
}

function keptDescriptors(): Set<number> {
  const kept = new Set<number>()
  const { LISTEN_FDS, NODE_CHANNEL_FD } = process.env
  for (let offset = 0; offset < Number(LISTEN_FDS ?? 0); offset++) kept.add(3 + offset)
  if (NODE_CHANNEL_FD !== undefined) kept.add(Number(NODE_CHANNEL_FD))
  // Node takes the variable away when it opens the channel.
  const { channel } = process
  if (channel !== undefined && 'fd' in channel && typeof channel.fd === 'number') kept.add(channel.fd)
  return kept
}
