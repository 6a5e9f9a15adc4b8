import { closeSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import process from 'node:process'
import { readKernelText } from './kernel-file.ts'

const closeOnExec = 0o2000000

/**
 * Closes what we inherited by accident and would hand on to every child: libuv guards only the descriptors that it opened.
 * Done first thing in main. Kept: what a service manager passed on purpose, the channel to a Node parent, and certificates
 * that Node reads in a thread of its own meanwhile: closed under it, its number would be that of a file of ours, which it ends.
 */
export function closeInheritedDescriptors(): void {
  const kept = keptDescriptors()
  const certificates = certificatePaths()
  for (const descriptor of openDescriptors()) {
    if (descriptor <= 2 || kept.has(descriptor)) continue
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readKernelText(`/proc/self/fdinfo/${descriptor}`))
      if (flags?.[1] === undefined || (Number.parseInt(flags[1], 8) & closeOnExec) !== 0) continue
      const path = readlinkSync(`/proc/self/fd/${descriptor}`)
      if (certificates.some((one) => path === one || path.startsWith(`${one}/`))) continue
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

/** Where authorities are that Node trusts: NODE_EXTRA_CA_CERTS and --use-system-ca. */
function certificatePaths(): readonly string[] {
  const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR } = process.env
  const named = [NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, ...(SSL_CERT_DIR ?? '').split(':')]
  const places = [...named, '/etc/ssl', '/etc/pki', '/usr/share/ca-certificates', '/usr/local/share/ca-certificates']
  return places.flatMap((place) => {
    try {
      return place === undefined || place === '' ? [] : [realpathSync(place)]
    } catch {
      return []
    }
  })
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
