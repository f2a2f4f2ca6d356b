/**
 * A node as the starter knows one: its command line, its messages, its identity file, its status page; no store.
 * A file beside the data folder, `DATA.misbehave.json`, changes how its members act.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { dirname, join } from 'node:path';

const options = parse(process.argv.slice(2));
const topology = JSON.parse(readFileSync(options.topology, 'utf8'));
const self = topology.members.find((member) => member.name === options.node);
const misbehaviour = readMisbehaviour(`${dirname(options.data)}.misbehave.json`)[options.node] ?? {};

if (misbehaviour.fail !== undefined) fail(misbehaviour.fail);
else if (takeIdentity()) serve();

function parse(argv) {
  const parsed = { create: argv.includes('--create') };
  for (const name of ['topology', 'node', 'data']) parsed[name] = argv[argv.indexOf(`--${name}`) + 1];
  return parsed;
}

function readMisbehaviour(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function takeIdentity() {
  const path = join(options.data, 'identity');
  if (existsSync(path)) {
    if (readFileSync(path, 'utf8') === self.id) return true;
    fail(`${options.data} belongs to another member`);
    return false;
  }
  if (!options.create) {
    fail(`${options.data} holds no identity: the disk was wiped; replace the node`);
    return false;
  }
  mkdirSync(options.data, { recursive: true });
  writeFileSync(path, self.id);
  return true;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
  process.send({ type: 'failed', message }, () => process.disconnect());
}

function serve() {
  const [host, port] = self.address.split(':');
  const server = createServer(async (incoming, response) => {
    if (incoming.url === '/livez') return response.end();
    const members = await Promise.all(topology.members.map(describe));
    response.end(JSON.stringify({ members }));
  });
  server.on('error', (error) => fail(`cannot listen on ${self.address}: ${error.code}`));
  server.listen(Number(port), host, () => {
    process.stdout.write(`{"msg":"${options.node} ${options.create ? 'created' : 'opened'}"}\n`);
    process.send({ type: 'listening' });
    process.send({ type: 'ready' });
  });
  const stop = () => process.exit(0);
  process.on('SIGTERM', () => (misbehaviour.ignoreStop ? undefined : stop()));
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
}

async function describe(member) {
  const alive = member === self || (await answers(member.address));
  return { ...member, state: alive ? 'alive' : 'down', share: 1 / topology.members.length };
}

function answers(address) {
  return new Promise((resolve) => {
    const probe = request(`http://${address}/livez`, { timeout: 500 }, (response) => {
      response.resume();
      resolve(true);
    });
    probe.on('timeout', () => probe.destroy());
    probe.on('error', () => resolve(false));
    probe.end();
  });
}
