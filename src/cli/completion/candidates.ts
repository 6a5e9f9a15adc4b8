import type { Argument, Command, Option } from 'commander'
import { connect, type Client } from '../../client/index.ts'
import { findControlSocket } from '../../control-socket.ts'
import { limits } from '../../protocol/limits.ts'
import { printable } from '../render/text.ts'
import { modesIn, stateFolder } from '../state-folder.ts'
import { placeOf, type Place } from './place.ts'

export interface Candidate {
  readonly word: string
  readonly about: string
}

/** Says that the shell is to complete names of files. */
export const filesWanted = ':files'

/** One line for each candidate: the word, and behind a tab what it is. */
export async function completions(program: Command, words: readonly string[]): Promise<string[]> {
  const place = placeOf(program, words)
  if (place.what.type === 'value' && place.what.name === 'file') return [filesWanted]
  const candidates = await candidatesOf(program, place)
  return candidates
    .filter(({ word }) => word.startsWith(place.typed))
    .map(({ word, about }) => {
      const text = printable(about)
      return `${place.prefix}${printable(word)}${text === '' ? '' : `\t${text}`}`
    })
}

async function candidatesOf(program: Command, { what, config, operands }: Place): Promise<readonly Candidate[]> {
  switch (what.type) {
    case 'nothing':
      return []
    case 'verb':
      return what.of
        .createHelp()
        .visibleCommands(what.of)
        .map((command) => ({ word: command.name(), about: command.description() }))
    case 'option':
      return optionsOf(program, what.of, what.given)
    case 'value': {
      const choices = what.of.argChoices
      if (choices !== undefined) return choices.map((word) => ({ word, about: '' }))
      return running(what.of, what.name, config, operands)
    }
  }
}

function optionsOf(program: Command, command: Command, given: readonly Option[]): Candidate[] {
  const help = command.createHelp()
  const all = [...help.visibleOptions(command), ...(command === program ? [] : program.createHelp().visibleOptions(program))]
  const known = new Set<string>()
  return all.flatMap((option) => {
    const { long, short, description } = option
    const word = long ?? short ?? ''
    // Both have a --help; one that was given already need not be given again.
    if (known.has(word) || (!option.variadic && given.includes(option))) return []
    known.add(word)
    return [{ word, about: description }]
  })
}

/** What the running orchestrator knows, by the name of the placeholder. */
async function running(of: Option | Argument, name: string, config: string | undefined, operands: readonly string[]) {
  if (name === 'service') {
    const { services, several } = await ask(config, (client) => client.call('service.graph', {}, patience))
    const taken = new Set(of.variadic ? operands : [])
    const one = services.map(({ name, state }) => ({ word: name, about: state }))
    // A name of several means nothing to who asks for one.
    const more = several.map(({ name, of: kind, services: { length } }) => ({
      word: name,
      about: kind === 'group' ? `a group of ${length}` : `${length} instance${length === 1 ? '' : 's'}`,
    }))
    return [...one, ...(of.variadic ? more : [])].filter(({ word }) => !taken.has(word))
  }
  if (name === 'actor') {
    const actors = await ask(config, async (client) => (await client.call('actor.list', {}, patience)).actors)
    return actors.map(({ address, state }) => ({ word: address, about: state }))
  }
  if (name === 'mode') {
    const { modes } = await ask(config, (client) => client.call('system.mode', {}, patience)).catch(() => modesIn(config))
    return modes.map(({ name: word, description }) => ({ word, about: description ?? '' }))
  }
  const [address] = operands
  if (name === 'event' && address !== undefined) {
    const accepts = await ask(config, async (client) => (await client.call('actor.get', { address }, patience)).accepts)
    return accepts.map((word) => ({ word, about: '' }))
  }
  return []
}

const patience = { timeout: limits.completionTime } as const

async function ask<T>(config: string | undefined, talk: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect({ socket: findControlSocket(await stateFolder(config)), ...patience })
  try {
    return await talk(client)
  } finally {
    client.close()
  }
}
