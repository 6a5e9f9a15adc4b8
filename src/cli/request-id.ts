import { Option } from 'commander'

export interface Requested {
  readonly requestId?: string
}

/** On every verb that changes something. */
export const requestIdOption = (): Option =>
  new Option('--request-id <id>', 'asked again under the same id, also after a crash, it is not done twice')

/** As the input of a command has it. */
export const requestIdOf = ({ requestId }: Requested): { readonly request_id?: string } =>
  requestId === undefined ? {} : { request_id: requestId }
