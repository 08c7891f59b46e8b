/** Says whether a port on loopback is free, before anything is started. Reserves nothing. */
import { connect, createServer } from 'node:net'

/**
 * Checks one port of 127.0.0.1.
 * @returns undefined where it can be listened on, else a reason that names the port and its setting
 */
export async function portProblem(port: number, setting: string): Promise<string | undefined> {
  const taken = `Port ${port} is taken by another program. Stop that program, or choose another port: ${setting}=${port + 1} npm start`
  // A listener on all addresses does not always keep a second one off loopback: ask before trying.
  if (await answers(port)) return taken
  const code = await listenError(port)
  if (code === undefined) return undefined
  if (code === 'EADDRINUSE') return taken
  return `Port ${port} cannot be listened on (${code}). Set ${setting} to another port, above 1023.`
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.once('error', () => settle(false))
  })
}

function listenError(port: number): Promise<string | undefined> {
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => settle(undefined)))
  })
}
