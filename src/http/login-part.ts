import type { ApiPart } from './api-part.ts'
import { failures } from './failures.ts'

/** How the document describes logins. */

const text = { type: 'string' }

export const loginPart: ApiPart = {
  tag: { name: 'login', description: 'A ticket of `access.ticket` for a token, as the inspector does it' },
  paths: {
    '/login': {
      post: {
        operationId: 'login',
        summary: 'A token for a ticket, which is worth nothing from then on.',
        tags: ['login'],
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: { type: 'object', required: ['ticket'], properties: { ticket: text }, additionalProperties: false },
              example: { ticket: 'zG3k…' },
            },
          },
        },
        responses: {
          '200': {
            description: 'who the token lets in, and for how long',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['token', 'name', 'role', 'expires'],
                  properties: { token: text, name: text, role: text, expires: { type: 'string', format: 'date-time' } },
                },
              },
            },
          },
          ...failures(['invalid_params', 'unauthorized', 'forbidden', 'too_large', 'overloaded']),
        },
      },
    },
    '/logout': {
      post: {
        operationId: 'logout',
        summary: 'Ends the login whose token is shown; its connections are cut off.',
        tags: ['login'],
        responses: { '204': { description: 'it has ended' }, ...failures(['invalid_request', 'unauthorized', 'forbidden']) },
      },
    },
  },
}
