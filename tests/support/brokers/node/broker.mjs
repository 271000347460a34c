// aedes on loopback: node broker.mjs path/to/aedes.js PORT
import { createServer } from 'node:net'

const [library, port] = process.argv.slice(2)
const { Aedes } = await import(library)
const broker = await Aedes.createBroker()
for (const event of ['clientError', 'connectionError']) {
  broker.on(event, (client, error) => console.log(event, client?.id, error.message))
}
const server = createServer(broker.handle)
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => broker.close(() => server.close(() => process.exit(0))))
