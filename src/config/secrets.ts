import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import type { ConfigDocument } from './document.ts'
import { variablesIn } from './interpolate.ts'

const secretKey = /token|secret|password|passphrase|credential|keys?$/i

/** Where a hook's token may stand, whatever the header or the part of the URL is called. */
const carriers: ReadonlySet<string> = new Set(['headers', 'webhook'])

/** Does a field of this name hold something that must not be shown? */
export const isSecretField = (name: string | number): boolean =>
  typeof name === 'string' && (secretKey.test(name) || carriers.has(name))

/**
 * The variables that fill in secrets of ours: fields called token, secret, password, key and the like, in the given
 * sections but not in what services and modes say. A program that Hyphae runs has no business with them.
 */
export function secretVariables({ document, targets }: ConfigDocument, sections: ReadonlySet<string>): string[] {
  const found = new Set<string>()
  // An alias may stand inside of what it names, so a node is walked once as a secret and once as none.
  const walked = { true: new Set<Node>(), false: new Set<Node>() }

  const walk = (node: Node | null | undefined, depth: number, secret: boolean): void => {
    if (node === null || node === undefined || walked[`${secret}`].has(node)) return
    walked[`${secret}`].add(node)
    if (isAlias(node)) walk(targets.get(node), depth, secret)
    else if (isSeq(node)) for (const item of node.items) walk(item as Node, depth + 1, secret)
    else if (isScalar(node) && secret && typeof node.value === 'string')
      for (const name of variablesIn(node.value)) found.add(name)
    else if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        if (depth === 0 && !sections.has(name)) continue
        // What services get is theirs.
        if ((depth === 1 && name === 'services') || (depth <= 1 && name === 'modes')) continue
        walk(value as Node | null, depth + 1, secret || isSecretField(name))
      }
    }
  }
  walk(document.contents, 0, false)
  return [...found]
}
